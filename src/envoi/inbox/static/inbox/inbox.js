// The inbox comes to life: each module listens for what concerns it; here is what happens when a conversation is opened.

import "../web/picker.js";
import { answers } from "./answers.js";
import { keepNow, readyComposer } from "./composer.js";
import "./keys.js";
import { atBottom, follow, forgetOthers, refreshQueue, remember, toBottom } from "./live.js";
import { openKey, openUrl, opened, post, root } from "./page.js";
import { forgetCanned } from "./suggest.js";
import { localise } from "./times.js";
import "./viewer.js";

function ready() {
  remember();
  localise();
  readyComposer();
  if (!seek(location.hash.slice(1), 20)) toBottom();
  document.querySelector(".conv > a[aria-current]")?.scrollIntoView({ block: "nearest" });
  answers();
  // Pictures make the thread grow after it was scrolled, and the composer makes it shrink.
  growth.disconnect();
  for (const one of document.querySelectorAll(".thread, .thread-in")) growth.observe(one);
  here();
}

let stick = true;
const growth = new ResizeObserver(() => stick && toBottom());
document.addEventListener("scroll", (event) => {
  if (event.target.id !== "thread") return;
  stick = atBottom();
  if (stick) document.querySelector("[data-newest]")?.setAttribute("hidden", "");
}, true);

// A message found by a search may lie further up than what is shown: older lines are asked for until it is there.
let sought = "", pages = 0;
function seek(id, most) {
  [sought, pages] = [/^m-\d+$/.test(id) ? id : "", most];
  if (!sought || jump(sought)) return Boolean(sought);
  const older = document.querySelector("#older a");
  if (!older || !most) return false;
  stick = false;
  // Once htmx knows the link: before, a click would lead away.
  setTimeout(() => {
    const link = document.querySelector("#older a");
    if (!link) return;
    window.htmx?.process(link.parentElement);
    link.click();
  }, 50);
  return true;
}

function jump(id) {
  const line = id && document.getElementById(id);
  if (!line?.matches?.(".line")) return false;
  stick = false;
  sought = "";
  line.scrollIntoView({ block: "center" });
  line.classList.add("struck");
  setTimeout(() => line.classList.remove("struck"), 1800);
  return true;
}

// A colleague who has it open learns that we have, too; again now and then, as long as we look.
const here = () => openUrl() && !document.hidden && post(`${openUrl()}here`).catch(() => {});
document.addEventListener("inbox:here", here);
setInterval(here, 20_000);

document.addEventListener("click", (event) => {
  const quote = event.target.closest("[data-jump]");
  if (quote && jump(quote.dataset.jump)) event.preventDefault();
  if (event.target.closest("[data-newest]")) toBottom();
});

// A conversation is left: what was typed is kept. Another is opened.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id === "open") keepNow();
});
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.target?.closest?.(".queue")) event.detail.headers["X-Open"] = openKey();
});
document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  if (target?.id === "open") {
    root().classList.toggle("opened", Boolean(opened()));
    stick = true;
    forgetOthers();
    forgetCanned();
    document.title = `${opened()?.dataset.title ?? ""} · Envoi`;
    for (const link of document.querySelectorAll(".conv > a")) {
      const current = link.closest(".conv").id === `conv-${openKey()}`;
      link.toggleAttribute("aria-current", current);
      if (current) link.setAttribute("aria-current", "true");
    }
    ready();
    refreshQueue();
  } else if (target?.id === "older") {
    remember();
    localise();
    if (sought) seek(sought, pages - 1);
  } else if (target?.closest?.(".queue") || document.getElementById("queue")?.contains(event.target)) {
    remember();
    localise();
  } else if (target?.closest?.(".side")) localise(target);
});
document.addEventListener("htmx:historyRestore", ready);

// What stands above stays in view when older lines come before it.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id !== "older" || sought) return;
  const thread = document.getElementById("thread"), from = thread.scrollHeight - thread.scrollTop;
  requestAnimationFrame(() => { thread.scrollTop = thread.scrollHeight - from; });
});

ready();
follow();
