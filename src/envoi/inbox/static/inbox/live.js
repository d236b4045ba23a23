// What happens elsewhere comes in by server-sent events; the pieces that it concerns are asked for anew, and only what
// differs is put into the page: a film goes on playing, a menu stays open, the place one reads at stays in view.

import { answers } from "./answers.js";
import { call, composer, me, openKey, openUrl, opened, root, seldom, words } from "./page.js";
import { localise, setWindow } from "./times.js";

// As the server sent it, before times were made local: what is compared.
const sources = new WeakMap();
const others = new Map();

export function remember(within = document) {
  for (const one of within.querySelectorAll(".line, .conv")) if (!sources.has(one)) sources.set(one, one.outerHTML);
}

async function piece(url, headers = {}) {
  const answer = await call(url, { headers });
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(`<body>${await answer.text()}</body>`, "text/html");
}

function place(list, fresh, { keepOlder }) {
  const have = new Map([...list.children].map((one) => [one.id, one]));
  const wanted = [...fresh.children];
  const first = wanted[0]?.dataset.at;
  let added = 0;
  let before = null;
  if (keepOlder) {
    for (const one of have.values()) if (!wanted.some((other) => other.id === one.id) && first && one.dataset.at < first) before = one;
  }
  for (const one of wanted) {
    const html = one.outerHTML;
    let here = have.get(one.id);
    have.delete(one.id);
    if (!here || sources.get(here) !== html) {
      const made = document.importNode(one, true);
      sources.set(made, html);
      const focused = here?.contains(document.activeElement);
      if (here) here.replaceWith(made);
      else added += 1;
      here = made;
      window.htmx?.process(made);
      if (focused) made.querySelector("a, button")?.focus({ preventScroll: true });
    }
    const next = before ? before.nextElementSibling : list.firstElementChild;
    if (next !== here) list.insertBefore(here, next);
    before = here;
  }
  for (const gone of have.values()) if (!keepOlder || !first || gone.dataset.at >= first) gone.remove();
  return added;
}

export function atBottom() {
  const thread = document.getElementById("thread");
  return !thread || thread.scrollHeight - thread.scrollTop - thread.clientHeight < 90;
}

export function toBottom() {
  const thread = document.getElementById("thread");
  if (thread) thread.scrollTop = thread.scrollHeight;
  thread?.querySelector("[data-newest]")?.setAttribute("hidden", "");
}

async function openAgain() {
  const url = openUrl(), key = openKey();
  if (!url) return;
  // With the list's own query, so that the way back leads to it.
  const query = new URLSearchParams(location.search);
  if (!document.hidden) query.set("seen", "1");
  const doc = await piece(`${url}now?${query}`);
  if (openKey() !== key) return;
  const stay = atBottom();
  const list = document.getElementById("lines");
  const added = list ? place(list, doc.getElementById("lines"), { keepOlder: true }) : 0;
  if (added) document.querySelector(".thread-empty")?.remove();
  const head = document.getElementById("open-head"), fresh = doc.getElementById("open-head");
  if (head && fresh) {
    const busy = head.querySelector("details[open], .htmx-request, .picker-panel:not([hidden])") || (head.contains(document.activeElement) && document.activeElement.matches("input, select"));
    if (!busy && (sources.get(head) ?? "") !== fresh.outerHTML) {
      const focused = head.contains(document.activeElement) ? document.activeElement.id : "";
      const made = document.importNode(fresh, true);
      sources.set(made, fresh.outerHTML);
      head.replaceWith(made);
      window.htmx?.process(made);
      document.dispatchEvent(new CustomEvent("htmx:afterSettle", { detail: {} }));
      if (focused) document.getElementById(focused)?.focus();
    }
    setWindow(fresh.dataset.windowUntil ?? "");
  }
  showOthers();
  localise(opened());
  answers();
  if (stay) toBottom();
  else if (added) document.querySelector("[data-newest]")?.removeAttribute("hidden");
}

async function queueAgain() {
  const rows = document.getElementById("queue-rows");
  if (!rows) return;
  const doc = await piece(rows.dataset.url, { "HX-Target": "queue-rows", "X-Open": openKey() });
  const views = document.getElementById("queue-views"), freshViews = doc.getElementById("queue-views");
  if (views && freshViews) {
    const made = document.importNode(freshViews, true);
    made.removeAttribute("hx-swap-oob");
    if (views.textContent !== made.textContent) {
      const focused = views.contains(document.activeElement) ? document.activeElement.dataset.view : "";
      views.replaceWith(made);
      window.htmx?.process(made);
      if (focused) made.querySelector(`[data-view="${focused}"]`)?.focus();
    }
  }
  document.body.dispatchEvent(new CustomEvent("inbox:recount"));
  const fresh = doc.getElementById("queue-rows");
  if (!fresh || document.getElementById("queue-rows") !== rows || new URLSearchParams(location.search).has("after")) return;
  const list = rows.querySelector(":scope > .convs"), freshList = fresh.querySelector(":scope > .convs");
  if (list && freshList) place(list, freshList, { keepOlder: false });
  else {
    rows.replaceChildren(...[...fresh.childNodes].map((one) => document.importNode(one, true)));
    remember(rows);
    window.htmx?.process(rows);
  }
  localise(rows);
}

export const refreshOpen = seldom(openAgain, () => (document.hidden ? 4000 : 250));
const refreshCounts = seldom(queueAgain, 4000);
export const refreshQueue = seldom(queueAgain, () => (document.hidden ? 5000 : 700));

// ---- Colleagues in the same conversation

function heard(what, told) {
  if (`${told.contact}-${told.conversation}` !== openKey() || String(told.by) === me()) return;
  const known = others.get(told.by) ?? { writes: 0, here: 0 };
  if (what === "composing") known.writes = Date.now() + 8000;
  // Whoever has just come is told that we are here too.
  if (what === "presence" && !known.here) setTimeout(() => document.dispatchEvent(new CustomEvent("inbox:here")), 300);
  known.here = Date.now() + 45_000;
  others.set(told.by, known);
  showOthers();
}

export function forgetOthers() {
  others.clear();
  showOthers();
}

function showOthers() {
  const now = Date.now();
  for (const [id, known] of others) if (known.here < now && known.writes < now) others.delete(id);
  const people = JSON.parse(document.getElementById("colleagues")?.textContent || "[]");
  const name = (id) => people.find((one) => one.id === id)?.name ?? "…";
  const writing = [...others].filter(([, known]) => known.writes > now).map(([id]) => name(id));
  const here = [...others].filter(([, known]) => known.writes <= now).map(([id]) => name(id));
  const place = composer()?.querySelector("[data-collision]");
  const text = [writing.length ? words("writes", { name: writing.join(", ") }) : "", here.length ? words("views", { name: here.join(", ") }) : ""].filter(Boolean).join(" · ");
  if (place) {
    place.hidden = !text;
    const said = place.querySelector("span");
    if (said.textContent !== text) said.textContent = text;
    place.classList.toggle("strong", writing.length > 0);
  }
}
setInterval(() => others.size && showOthers(), 2000);

// ---- The stream

export function follow() {
  const url = root()?.dataset.live;
  if (!url) return;
  let source, wait = 1000;
  const connect = () => {
    source = new EventSource(url);
    const all = () => { wait = 1000; refreshOpen(); refreshQueue(); document.dispatchEvent(new CustomEvent("inbox:here")); };
    source.addEventListener("hello", all);
    source.addEventListener("resync", all);
    // The bell (notifications/bell.js) is told here, and needs no stream of its own.
    for (const what of ["hello", "resync", "notification"]) source.addEventListener(what, () => document.dispatchEvent(new CustomEvent("envoi:notification")));
    for (const what of ["message", "receipt", "note", "state", "alarm"]) {
      source.addEventListener(what, (event) => {
        const told = JSON.parse(event.data);
        const isOpen = told.conversation ? `${told.contact}-${told.conversation}` === openKey() : openKey().startsWith(`${told.contact}-`);
        if (isOpen) refreshOpen();
        if (what === "receipt" || what === "note") return;
        // What is nobody's business here moves the counts alone, and they can wait a little.
        const mine = (document.querySelector("#queue-views [aria-current]")?.dataset.view ?? "mine") === "mine";
        const concerns = !mine || String(told.assignee) === me() || document.getElementById(`conv-${told.contact}-${told.conversation}`);
        (concerns ? refreshQueue : refreshCounts)();
      });
    }
    for (const what of ["composing", "presence"]) source.addEventListener(what, (event) => heard(what, JSON.parse(event.data)));
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 30_000);
    });
  };
  connect();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && connect());
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { refreshOpen(); refreshQueue(); } });
}


// What the sender tells nobody: that a message has left, or waits. As long as one is on its way, the page looks by itself;
// now and then while it is known until when they all wait, and when that moment has come.
let looks = 0;
setInterval(() => {
  if (document.hidden) return;
  looks += 1;
  const waiting = [...document.querySelectorAll("#lines .line.waiting")];
  const soon = waiting.some((one) => {
    const known = one.querySelector("[data-waits]");
    return !known || new Date(known.dataset.waits) <= Date.now();
  });
  if (soon || (waiting.length && looks % 6 === 0)) refreshOpen();
}, 2500);
