// The bell: says that somebody is here, and shows how much is new. Without this file it is a link to the list.

const EVERY = 30_000;
const bell = document.getElementById("bell");

function token() {
  return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
}

function show(count) {
  const number = bell.querySelector("[data-unread]");
  const words = bell.querySelector("[data-words]");
  number.textContent = count > 99 ? "99+" : count;
  number.hidden = count === 0;
  words.textContent = count ? words.dataset.some.replace("{n}", number.textContent) : words.dataset.none;
  document.title = document.title.replace(/^\(\d+\+?\) /, "");
  if (count) document.title = `(${number.textContent}) ${document.title}`;
}

let last = -1;
async function call() {
  try {
    const answer = await fetch(bell.dataset.here, { method: "POST", headers: { "X-CSRFToken": token() } });
    if (!answer.ok) return;
    const { unread } = await answer.json();
    if (unread !== last && last >= 0 && bell.open) list();
    last = unread;
    show(unread);
  } catch {
    // No network: the next call says it.
  }
}

// Listens until the page goes; another tab then takes its place.
function follow(tabs, over) {
  let source;
  const connect = () => {
    source = new EventSource(bell.dataset.live);
    for (const what of ["hello", "resync", "notification"]) {
      source.addEventListener(what, () => {
        call();
        if (what !== "hello") tabs?.postMessage(what);
      });
    }
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, EVERY);
    });
  };
  connect();
  addEventListener("pagehide", () => {
    source.close();
    over();
  });
}

function list() {
  window.htmx?.ajax("GET", bell.dataset.list, { target: "#bell-list", swap: "innerHTML" });
}

if (bell) {
  bell.addEventListener("toggle", () => bell.open && list());
  // What was read, or everything, in the list under the bell.
  document.addEventListener("htmx:afterSwap", (event) => event.target.id === "bell-list" && call());
  // Pages that listen to the server (the inbox) say so the moment it happens; the service worker when something is pushed.
  document.addEventListener("envoi:notification", call);
  navigator.serviceWorker?.addEventListener("message", call);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && call());
  addEventListener("pageshow", (event) => event.persisted && call());
  call();
  setInterval(call, EVERY);
  // One tab of the browser listens for all: each stream holds a connection, and a browser has few for one server.
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("envoi-notified") : null;
  tabs?.addEventListener("message", call);
  // A page that listens already (the inbox) says so itself.
  if (bell.dataset.live && navigator.locks && !document.querySelector("[data-live]:not(#bell)")) {
    navigator.locks.request("envoi-notified", () => new Promise((over) => follow(tabs, over)));
  }
}
