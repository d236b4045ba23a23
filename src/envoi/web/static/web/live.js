// Keeps pieces of a page current by server-sent events.
//
// <section data-live-url="/campaigns/3/live/"> subscribes. Each message is HTML: one or more elements, each with an id;
// each takes the place of the element with that id; one with data-live-go leads on to another page. An event named "done" ends the subscription; "reload" reloads the page.
// Without this file, or when the stream is lost for good, the page offers a link that reloads it.

const LONGEST_WAIT = 30_000;

function busy(element) {
  // Never pull an open question, menu or field from under the reader's hands.
  return element.querySelector(":popover-open, details.menu[open]") || element.matches(":has(input:focus, select:focus, textarea:focus)");
}

function swap(html) {
  const parsed = new DOMParser().parseFromString(`<body>${html}</body>`, "text/html");
  for (const fresh of [...parsed.body.children]) {
    const stale = fresh.id && document.getElementById(fresh.id);
    if (!stale || busy(stale) || stale.outerHTML === fresh.outerHTML) continue;
    if (fresh.dataset.liveGo) location.assign(fresh.dataset.liveGo);
    const focused = stale.contains(document.activeElement) ? document.activeElement.id : "";
    const open = [...stale.querySelectorAll("details[open][id]")].map((details) => details.id);
    const live = document.importNode(fresh, true);
    stale.replaceWith(live);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    window.htmx?.process(live);
    document.dispatchEvent(new CustomEvent("envoi:swapped", { detail: live }));
  }
}

function follow(place) {
  const url = place.dataset.liveUrl;
  let wait = 1000;
  let source;

  const connect = () => {
    source = new EventSource(url);
    source.addEventListener("open", () => {
      wait = 1000;
      lost(false);
    });
    source.addEventListener("message", (event) => swap(event.data));
    source.addEventListener("done", () => source.close());
    source.addEventListener("reload", () => { source.close(); location.reload(); });
    source.addEventListener("error", () => {
      // The browser itself retries a dropped connection; a refused one (readyState CLOSED) is ours to retry.
      lost(true);
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  };
  let timer;
  const lost = (yes) => {
    clearTimeout(timer);
    const words = document.querySelector("[data-live-lost]");
    if (!words) return;
    if (yes) timer = setTimeout(() => (words.hidden = false), 4000);
    else words.hidden = true;
  };

  connect();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && connect());
}

for (const place of document.querySelectorAll("[data-live-url]")) follow(place);
