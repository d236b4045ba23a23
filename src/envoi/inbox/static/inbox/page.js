// What every module of the inbox needs: the open conversation, words in the reader's language, calls to the server.

export const root = () => document.getElementById("inbox");
export const opened = () => document.querySelector(".opened-in");
export const composer = () => document.getElementById("composer");
export const field = () => document.getElementById("words");
export const me = () => root()?.dataset.me ?? "";
export const openKey = () => opened()?.dataset.key ?? "";
export const openUrl = () => opened()?.dataset.url ?? "";
export const isNote = () => composer()?.querySelector("[name=mode][value=note]")?.checked ?? false;
export const lang = document.documentElement.lang || "en";

// <template data-words="…"> holds a sentence; %name% in it is filled.
export function words(name, values = {}) {
  const held = composer()?.querySelector(`template[data-words="${name}"]`)?.innerHTML ?? "";
  const text = new DOMParser().parseFromString(held, "text/html").body.textContent;
  return text.replace(/%(\w+)%/g, (whole, key) => values[key] ?? whole);
}

export function token() {
  return JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] ?? "";
}

// Every call of the inbox's. Who is signed out meanwhile is led to the sign-in and back; what was typed is kept (composer.js).
export async function call(url, { headers = {}, ...more } = {}) {
  const answer = await fetch(url, { credentials: "same-origin", ...more, headers: { "HX-Request": "true", "HX-Current-URL": location.href, ...headers } });
  const signIn = answer.status === 401 && answer.headers.get("HX-Redirect");
  if (signIn) location.assign(signIn);
  return answer;
}

export function send(url, body) {
  return call(url, { method: "POST", body, headers: { "X-CSRFToken": token() } });
}

export function post(url, values = {}) {
  const body = new FormData();
  for (const [name, value] of Object.entries(values)) body.append(name, value);
  return send(url, body);
}

// A refusal in words, above the field; the server's own piece is HTML that it has escaped.
// What is marked to stay (a file that was refused) goes only when somebody closes it, or adds another file.
export function problem(html) {
  const place = document.getElementById("composer-told");
  if (!place) return;
  const parsed = new DOMParser().parseFromString(html, "text/html");
  place.replaceChildren(...refused(), ...parsed.body.children);
}

export const refused = () => [...document.querySelectorAll("#composer-told > [data-stays]")];

// A file's name as the server keeps it (media/sniffing.py): nothing in it turns the sentence around it.
export const plainName = (name) => name.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "").trim() || "file";

// The sentence about one file, with the file's name before it.
export function refuse(html, name) {
  problem(html);
  const box = document.querySelector("#composer-told > :last-child");
  if (!box || "stays" in box.dataset) return;
  const file = document.createElement("bdi");
  file.textContent = plainName(name);
  box.querySelector(".body")?.prepend(file, ": ");
  box.dataset.stays = "";
}

export function sayProblem(text) {
  const box = document.createElement("div");
  box.className = "notice bad";
  const inside = document.createElement("div");
  inside.className = "body";
  inside.textContent = text;
  box.append(inside);
  document.getElementById("composer-told")?.replaceChildren(...refused(), box);
}

// One call now, one more at the end of `wait` if there were others meanwhile; never more often. `.now()` waits for nothing.
export function seldom(work, wait) {
  let timer, again = false, running = false;
  const run = async () => {
    if (timer || running) return void (again = true);
    running = true;
    again = false;
    const begun = performance.now();
    try { await work(); } catch { /* The next event, or the next hello, asks again. */ }
    running = false;
    // A server that is slow is asked less often.
    const pause = Math.max(typeof wait === "function" ? wait() : wait, Math.min((performance.now() - begun) * 2, 3000));
    timer = setTimeout(() => { timer = undefined; if (again) run(); }, pause);
  };
  run.now = () => {
    clearTimeout(timer);
    timer = undefined;
    run();
  };
  return run;
}

let gone;
export function tell(text, action, act) {
  const place = document.getElementById("told");
  if (!place) return;
  const said = document.createElement("span");
  said.textContent = text;
  place.replaceChildren(said);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = action;
    button.addEventListener("click", () => { place.replaceChildren(); act(); });
    place.append(button);
  }
  clearTimeout(gone);
  gone = setTimeout(() => place.replaceChildren(), 6000);
}
