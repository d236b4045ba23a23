// Keys of the inbox. They are quiet while one types, and while something is open over the page.

import { toAnswers } from "./answers.js";
import { write } from "./composer.js";
import { field, opened } from "./page.js";
import { suggestOn } from "./suggest.js";

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable], [role=listbox], .emoji");

function step(by) {
  const rows = [...document.querySelectorAll("#queue-rows .conv > a")];
  if (!rows.length) return;
  const now = rows.findIndex((one) => one.getAttribute("aria-current"));
  const to = rows[Math.max(0, Math.min(rows.length - 1, now < 0 ? 0 : now + by))];
  if (!to || to === rows[now]) return;
  to.scrollIntoView({ block: "nearest" });
  to.click();
  to.focus({ preventScroll: true });
}

function cannedNow() {
  const text = field();
  write(false);
  if (text.disabled) return;
  if (!text.value) text.value = "/";
  else if (!/(^|\s)\/$/.test(text.value)) text.value += /\s$/.test(text.value) ? "/" : " /";
  text.setSelectionRange(text.value.length, text.value.length);
  suggestOn(text);
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  f: () => document.getElementById("search-q")?.select(),
  "?": () => document.getElementById("keys")?.togglePopover(),
};
const OPEN_KEYS = {
  r: () => write(false),
  n: () => write(true),
  "/": cannedNow,
  q: toAnswers,
  a: () => document.querySelector(".assign-form .picker-button, .assign-form select")?.click(),
  s: () => { const menu = document.getElementById("snooze-menu"); if (menu) { menu.open = true; menu.querySelector("button")?.focus(); } },
  e: () => document.querySelector("[data-close-form]")?.requestSubmit(),
};

// Before app.js, for which "/" is the search box.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (document.querySelector("dialog[open], .ask:popover-open") && event.key !== "?") return;
  const act = KEYS[event.key] ?? (opened() ? OPEN_KEYS[event.key] : undefined);
  if (!act || (opened() && OPEN_KEYS[event.key] && !field() && event.key !== "a")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  act();
}, true);
