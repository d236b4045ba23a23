// The list above the field: canned replies after "/", colleagues after "@" in a note. Arrows choose, Enter takes.

import { call, composer, field, isNote, openKey, openUrl, words } from "./page.js";

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
let canned = { key: "", items: null };
let shown = [], lit = 0, begins = 0;

async function cannedReplies() {
  if (canned.key !== openKey()) canned = { key: openKey(), items: null };
  if (!canned.items) {
    const answer = await call(`${openUrl()}canned`);
    canned.items = answer.ok ? (await answer.json()).items : [];
  }
  return canned.items;
}

export function forgetCanned() {
  canned = { key: "", items: null };
}

export async function suggestOn(text) {
  const before = text.value.slice(0, text.selectionStart);
  const slash = isNote() ? null : before.match(/(?:^|\s)(\/([\p{L}\p{N}_-]{0,40}))$/u);
  const at = isNote() ? before.match(/(?:^|\s)(@([\p{L}\p{N}._-]{0,60}))$/u) : null;
  if (slash) {
    begins = text.selectionStart - slash[1].length;
    const wanted = fold(slash[2]);
    const items = await cannedReplies();
    const score = (one) => (fold(one.shortcut).startsWith(wanted) ? 0 : fold(`${one.shortcut} ${one.title}`).includes(wanted) ? 1 : fold(one.text).includes(wanted) ? 2 : 9);
    draw(items.filter((one) => score(one) < 9).sort((one, other) => score(one) - score(other)).slice(0, 30).map((one) => ({ mark: `/${one.shortcut}`, name: one.title, more: one.text, take: () => takeCanned(one) })), words("none"));
  } else if (at) {
    begins = text.selectionStart - at[1].length;
    const wanted = fold(at[2]);
    const people = JSON.parse(document.getElementById("colleagues")?.textContent || "[]");
    const fits = people.filter((one) => fold(one.name).split(/\s+/).some((word) => word.startsWith(wanted)) || fold(one.email).startsWith(wanted));
    draw(fits.slice(0, 12).map((one) => ({ mark: "@", name: one.name, more: one.email, take: () => put(`@${one.name} `) })), words("nobody"));
  } else closeSuggest();
}

function draw(items, none) {
  const list = document.getElementById("suggest"), text = field();
  if (!list || !text) return;
  shown = items;
  lit = 0;
  list.replaceChildren(...items.map((one, n) => {
    const line = document.createElement("li");
    line.id = `suggest-${n}`;
    line.setAttribute("role", "option");
    const mark = document.createElement("code"), name = document.createElement("span"), more = document.createElement("small");
    mark.textContent = one.mark;
    name.textContent = one.name;
    more.textContent = one.more;
    more.dir = "auto";
    line.append(mark, name, more);
    line.addEventListener("mousedown", (event) => { event.preventDefault(); lit = n; take(); });
    line.addEventListener("mousemove", () => light(n, false));
    return line;
  }));
  if (!items.length) {
    const line = document.createElement("li");
    line.className = "none";
    line.textContent = none;
    list.append(line);
  }
  list.hidden = false;
  text.setAttribute("aria-controls", "suggest");
  text.setAttribute("aria-expanded", "true");
  light(0);
}

function light(n, scroll = true) {
  const lines = [...document.querySelectorAll("#suggest [role=option]")];
  if (!lines.length) return;
  lit = (n + lines.length) % lines.length;
  for (const [at, line] of lines.entries()) {
    line.classList.toggle("lit", at === lit);
    line.setAttribute("aria-selected", at === lit);
  }
  field().setAttribute("aria-activedescendant", lines[lit].id);
  if (scroll) lines[lit].scrollIntoView({ block: "nearest" });
}

export function closeSuggest() {
  const list = document.getElementById("suggest");
  if (!list || list.hidden) return;
  list.hidden = true;
  shown = [];
  field()?.removeAttribute("aria-activedescendant");
  field()?.removeAttribute("aria-expanded");
}

// Whether the key was for the list.
export function suggestKey(event) {
  const list = document.getElementById("suggest");
  if (!list || list.hidden) return false;
  if (event.key === "ArrowDown") light(lit + 1);
  else if (event.key === "ArrowUp") light(lit - 1);
  else if ((event.key === "Enter" || event.key === "Tab") && shown.length) take();
  else if (event.key === "Escape") closeSuggest();
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

function take() {
  const one = shown[lit];
  closeSuggest();
  one?.take();
}

function takeCanned(one) {
  put(one.text);
  const form = composer().querySelector("#reply");
  form.elements.canned.value = one.id;
  form.elements.canned_text.value = field().value;
}

function put(what) {
  const text = field();
  text.setRangeText(what, begins, text.selectionStart, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
}

document.addEventListener("focusout", (event) => event.target.id === "words" && setTimeout(() => document.activeElement?.id === "words" || closeSuggest(), 120));
