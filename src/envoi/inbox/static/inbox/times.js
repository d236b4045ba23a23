// Times as the reader's own clock shows them, and everything that counts: waits, the window, the seconds to undo.

import { composer, lang, opened } from "./page.js";

const clock = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short" });
const year = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", year: "numeric" });
const weekday = new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long" });
const unit = (name) => new Intl.NumberFormat(lang, { style: "unit", unit: name, unitDisplay: "narrow" });
const units = { day: unit("day"), hour: unit("hour"), minute: unit("minute"), second: unit("second") };

const sameDay = (one, other) => one.toDateString() === other.toDateString();

export function moment(at) {
  const now = new Date();
  if (sameDay(at, now)) return clock.format(at);
  return at.getFullYear() === now.getFullYear() ? `${day.format(at)} ${clock.format(at)}` : year.format(at);
}

export function length(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return units.second.format(whole);
  const minutes = Math.floor(whole / 60);
  if (minutes < 10 && whole < 600) return `${units.minute.format(minutes)} ${units.second.format(whole % 60)}`;
  if (minutes < 60) return units.minute.format(minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 && hours < 24 ? `${units.hour.format(hours)} ${units.minute.format(minutes % 60)}` : units.hour.format(hours);
  return units.day.format(Math.round(hours / 24));
}

// A wait is told in whole minutes: seconds that run beside a list are of no use.
function waited(seconds) {
  return seconds >= 60 && seconds < 600 ? units.minute.format(Math.floor(seconds / 60)) : length(seconds);
}

// Called for every piece that came from the server.
export function localise(within = document) {
  for (const one of within.querySelectorAll("time[data-local]")) {
    const at = new Date(one.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    one.textContent = one.dataset.local === "time" ? clock.format(at) : moment(at);
    one.title = `${weekday.format(at)} ${clock.format(at)}`;
  }
  for (const one of within.querySelectorAll(".receipt[data-at]")) {
    const said = one.querySelector(".unseen").textContent;
    one.title = `${said} ${moment(new Date(one.dataset.at))}`;
  }
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // A browser that does not know its clock leaves that of the server's page.
  if (zone && zone !== "Etc/Unknown") for (const one of within.querySelectorAll("[data-zone]")) {
    one.querySelector("input").value = zone;
    one.querySelector(".zone").textContent = zone;
  }
  days();
  tick();
}

// The first line of each day carries the day's name.
function days() {
  let before = "";
  const now = new Date();
  const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
  for (const line of document.querySelectorAll(".thread .line[data-at]")) {
    const at = new Date(line.dataset.at);
    const key = at.toDateString();
    const first = key !== before;
    before = key;
    if (!first) { line.removeAttribute("data-day"); continue; }
    const ago = Math.round((new Date(now.toDateString()) - new Date(key)) / 86_400_000);
    const name = ago < 2 ? relative.format(-ago, "day") : at.getFullYear() === now.getFullYear() ? weekday.format(at) : year.format(at);
    if (line.dataset.day !== name) line.dataset.day = name;
  }
}

function tick() {
  const now = Date.now();
  for (const one of document.querySelectorAll("[data-since]")) {
    const text = waited((now - new Date(one.dataset.since)) / 1000);
    if (one.textContent !== text) one.textContent = text;
  }
  for (const one of document.querySelectorAll("[data-zone-clock]")) {
    try {
      one.textContent = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", weekday: "short", hourCycle: "h23", timeZone: one.dataset.zoneClock }).format(now);
    } catch { /* A zone that this browser does not know stays as it is written. */ }
  }
  for (const form of document.querySelectorAll("[data-undo-until]")) {
    const left = Math.ceil((new Date(form.dataset.undoUntil) - now) / 1000);
    if (left <= 0) form.remove();
    else form.querySelector("[data-left]").textContent = left;
  }
  countDown(now);
}

function countDown(now) {
  const place = composer();
  if (!place?.dataset.windowUntil) return;
  const left = (new Date(place.dataset.windowUntil) - now) / 1000;
  const shown = place.querySelector("[data-window-left]");
  if (shown) {
    shown.hidden = left <= 0;
    shown.classList.toggle("warn", left < 7200 && left >= 900);
    shown.classList.toggle("bad", left < 900);
    const text = length(left);
    const span = shown.querySelector("[data-left]");
    if (span.textContent !== text) span.textContent = text;
  }
  if (left <= 0 && place.dataset.window === "open") {
    place.dataset.window = "closed";
    document.dispatchEvent(new CustomEvent("inbox:window"));
    document.dispatchEvent(new CustomEvent("inbox:window-over"));
  }
}

// The window as the server knows it, after a live update: it opens again when the customer writes.
export function setWindow(until) {
  const place = composer();
  if (!place) return;
  if (until) place.dataset.windowUntil = until;
  const open = Boolean(until) && new Date(until) > Date.now();
  if (open && place.dataset.window === "closed") document.dispatchEvent(new CustomEvent("inbox:window-again"));
  place.dataset.window = open ? "open" : "closed";
  document.dispatchEvent(new CustomEvent("inbox:window"));
  tick();
}

setInterval(() => (document.hidden && !opened() ? undefined : tick()), 1000);
