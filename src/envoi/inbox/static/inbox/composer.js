// Writing: autosize, drafts, files by drop or paste, canned replies after "/", names after "@", quotes, what was sent.

import { emojiFor } from "./emoji.js";
import { composer, field, isNote, me, openKey, openUrl, plainName, post, problem, refuse, refused, sayProblem, send, tell, token, words } from "./page.js";
import { closeSuggest, suggestKey, suggestOn } from "./suggest.js";
import { refreshOpen, refreshQueue, toBottom } from "./live.js";

let saving, lastComposing = 0, sent = null, saved = { key: "", text: "" };
const coarse = matchMedia("(pointer: coarse)").matches;

export function readyComposer() {
  const text = field();
  if (!text) return;
  saved = { key: openKey(), text: text.value };
  // What was typed a moment before a reload, or after the session's end, has not reached the server. It goes on from the
  // draft that it was begun with; where that is another by now, somebody went on elsewhere.
  const here = keptHere();
  if (here && here.from === text.value) {
    text.value = here.text;
    keepSoon();
  }
  grow(text);
  mode();
  text.setSelectionRange(text.value.length, text.value.length);
}

function grow(text) {
  if (CSS.supports("field-sizing", "content")) return;
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

function mode() {
  const text = field();
  if (!text) return;
  const closed = composer().dataset.window === "closed" && !isNote();
  const words = closed ? "closedWords" : isNote() ? "noteWords" : "replyWords";
  text.placeholder = text.dataset[words];
  // Free words would only be refused; without scripts the server says so.
  text.disabled = closed;
  text.setAttribute("aria-describedby", closed ? "closed-why" : "composer-told");
}
document.addEventListener("inbox:window", mode);

export function write(note = false) {
  const choice = composer()?.querySelector(`[name=mode][value=${note ? "note" : "reply"}]`);
  if (choice) choice.checked = true;
  mode();
  field()?.focus();
  if (field()?.disabled) openTemplates();
}

// ---- Typing

document.addEventListener("input", (event) => {
  const text = event.target;
  if (text.id !== "words") return;
  grow(text);
  suggestOn(text);
  keepHere(text.value);
  keepSoon();
  if (text.value.trim() && Date.now() - lastComposing > 3000) {
    lastComposing = Date.now();
    post(`${openUrl()}composing`).catch(() => {});
  }
});

document.addEventListener("change", (event) => {
  if (event.target.name === "mode" && event.target.closest("#reply")) {
    mode();
    closeSuggest();
    field().focus();
  }
});

document.addEventListener("keydown", (event) => {
  const text = event.target;
  if (text.id !== "words" || event.isComposing) return;
  if (suggestKey(event)) return;
  if (event.key === "Escape") return void text.blur();
  const send = event.key === "Enter" && !event.shiftKey && !event.altKey && (!coarse || event.ctrlKey || event.metaKey);
  if (!send) return;
  event.preventDefault();
  if (!isNote() && composer().dataset.window === "closed") return openTemplates();
  if (text.value.trim() || uploads || text.form.querySelector("[name=attached]")) text.form.requestSubmit();
});

// ---- Drafts: kept by the server a moment after the last key, and when one leaves

// Whoever signs in next in this tab may be somebody else: it is kept for one person.
const hereName = () => `envoi.draft.${me()}.${openKey()}`;

function keepHere(text) {
  try {
    if (text.trim()) sessionStorage.setItem(hereName(), JSON.stringify({ text, from: saved.text }));
    else sessionStorage.removeItem(hereName());
  } catch { /* A browser that keeps nothing has the server's draft. */ }
}

function keptHere() {
  try { return JSON.parse(sessionStorage.getItem(hereName())); } catch { return null; }
}

function keepSoon() {
  clearTimeout(saving);
  const key = openKey(), url = openUrl();
  saving = setTimeout(() => keep(key, url), 700);
}

async function keep(key, url) {
  const text = field();
  if (!text || openKey() !== key || (saved.key === key && saved.text === text.value)) return;
  const value = text.value;
  try {
    const answer = await post(`${url}draft`, { text: value });
    if (!answer.ok) return;
    saved = { key, text: value };
    if (openKey() === key && field()) keepHere(field().value);
    const place = composer()?.querySelector("[data-saved]");
    if (place && value.trim()) place.textContent = words("saved");
  } catch { /* The next key tries again. */ }
}

export function keepNow() {
  const text = field();
  if (!text || (saved.key === openKey() && saved.text === text.value)) return;
  clearTimeout(saving);
  saved = { key: openKey(), text: text.value };
  const body = new FormData();
  body.append("text", text.value);
  body.append("csrfmiddlewaretoken", token());
  navigator.sendBeacon(`${openUrl()}draft`, body);
}
addEventListener("pagehide", keepNow);

// ---- Sending, and what comes of it

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id !== "reply") return;
  clearTimeout(saving);
  problem("");
  sent = { key: openKey(), text: field().value };
});

document.addEventListener("htmx:beforeSwap", (event) => {
  // Refusals are read where one writes.
  if (event.detail.xhr.status >= 400 && event.target.closest?.("#problem, .composer") && composer()) {
    const from = event.detail.requestConfig?.elt;
    if (!from?.closest(".composer, .thread")) return;
    event.detail.shouldSwap = false;
    problem(event.detail.serverResponse);
  }
});
document.addEventListener("htmx:sendError", (event) => {
  if (event.target.closest?.(".composer")) sayProblem(words("lost"));
});

// A colleague has just answered: it goes all the same when one says so, this once.
const anyway = (value) => { const kept = document.querySelector("#reply input[name=anyway]"); if (kept) kept.value = value; };
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-anyway]")) return;
  event.preventDefault();
  anyway("1");
  document.getElementById("reply").requestSubmit();
});
document.addEventListener("htmx:afterRequest", (event) => event.target.id === "reply" && anyway(""));

for (const kind of ["inbox:sent", "inbox:noted"]) {
  document.addEventListener(kind, (event) => {
    const text = field();
    if (!text) return;
    if (event.detail?.template) closePanel();
    else if (sent && sent.key === openKey()) {
      // What was typed while the answer was on its way stays.
      text.value = text.value.startsWith(sent.text) ? text.value.slice(sent.text.length) : text.value;
      composer().querySelector("[data-chips]").replaceChildren();
      noQuote();
      text.form.elements.canned.value = "";
      text.form.elements.canned_text.value = "";
      saved = { key: openKey(), text: text.value };
      keepHere(text.value);
      composer().querySelector("[data-saved]").textContent = "";
      grow(text);
    }
    sent = null;
    problem("");
    toBottom();
    refreshOpen.now();
    refreshQueue();
    text.focus();
  });
}
// By hand and not by htmx: the line and its form may be gone, told by the stream, before the answer is here.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form.undo");
  if (!form) return;
  event.preventDefault();
  const answer = await post(form.action, { message: form.elements.message.value }).catch(() => null);
  const text = field();
  if (!answer?.ok) problem(answer ? await answer.text() : "");
  else if (text) {
    const taken = JSON.parse(answer.headers.get("HX-Trigger") || "{}")["inbox:taken"]?.text ?? "";
    if (taken && !text.value.trim()) {
      text.value = taken;
      saved = { key: openKey(), text: taken };
      grow(text);
    }
    text.focus();
  }
  refreshOpen();
  refreshQueue();
}, true);
document.addEventListener("inbox:window-closed", () => {
  const place = composer();
  if (!place) return;
  place.dataset.window = "closed";
  mode();
  openTemplates();
});
// Both when the clock says so and when the server does: the text stays, the templates are offered.
document.addEventListener("inbox:window-over", openTemplates);
document.addEventListener("inbox:window-again", () => document.querySelector(".template-form") || closePanel());

function openTemplates() {
  const panel = document.getElementById("panel");
  if (panel && !panel.firstElementChild && !isNote()) composer().querySelector(".closed-words [data-panel]").click();
}

function closePanel() {
  document.getElementById("panel")?.replaceChildren();
}

document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-panel-close]");
  if (!close) return;
  event.preventDefault();
  closePanel();
  field()?.focus();
});

// The question of a new message with buttons begins with what stands in the field.
document.addEventListener("htmx:afterSettle", (event) => {
  const body = event.target.querySelector?.("[data-from-words]");
  if (body && !body.value && field()?.value) {
    body.value = field().value;
    body.dispatchEvent(new Event("input", { bubbles: true }));
  }
  // What opens by itself takes the focus from nobody.
  if (event.target.id === "panel" && event.detail.requestConfig?.elt?.id !== "panel") event.target.querySelector(".offers a, input:not([type=hidden], .unseen), textarea")?.focus();
});

// A picture that is chosen for a template's header is seen in the preview before it is uploaded, whenever that is drawn.
async function previewHeader() {
  const form = document.querySelector(".template-form");
  const file = form?.querySelector("[type=file][name^='header.header.']")?.files[0];
  const media = form?.querySelector("#template-preview .bubble > .media");
  if (!media || !file?.type.startsWith("image/")) return;
  const reader = new FileReader();
  reader.addEventListener("load", () => {
    const picture = document.createElement("img");
    picture.className = "media";
    picture.alt = file.name;
    picture.src = reader.result;
    media.replaceWith(picture);
  });
  reader.readAsDataURL(file);
}
document.addEventListener("change", (event) => event.target.matches(".template-form [type=file]") && previewHeader());
document.addEventListener("htmx:afterSettle", (event) => event.target.id === "template-preview" && previewHeader());

// ---- Files: dropped anywhere on the thread, pasted, or picked

// Where nothing is left to send, why the file was refused says more than that there is nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.id !== "reply" || !refused().length || uploads || form.elements.text.value.trim() || form.querySelector("[name=attached]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  refused().at(-1).scrollIntoView({ block: "nearest" });
  field().focus();
}, true);

// Whoever sends while a file is on its way sends it too: the form waits for it.
let uploads = 0, sendAfter = false;
document.addEventListener("submit", (event) => {
  if (event.target.id !== "reply" || !uploads || isNote()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  sendAfter = true;
}, true);

async function upload(files) {
  const place = composer()?.querySelector("[data-chips]");
  if (!place || !files.length) return;
  if (isNote()) write(false);
  for (const old of refused()) old.remove();
  problem("");
  uploads += 1;
  let failed = false;
  for (const file of files) {
    const waiting = document.createElement("li");
    waiting.className = "chip file-chip soft";
    waiting.textContent = `${words("uploading")} ${plainName(file.name)}`;
    place.append(waiting);
    const body = new FormData();
    body.append("file", file, file.name);
    try {
      const answer = await send(composer().dataset.upload, body);
      const html = await answer.text();
      if (answer.ok) place.insertBefore(new DOMParser().parseFromString(html, "text/html").body.querySelector("li"), waiting);
      else refuse(html, file.name);
      failed ||= !answer.ok;
    } catch {
      failed = true;
      sayProblem(words("lost"));
    }
    waiting.remove();
  }
  uploads -= 1;
  field()?.focus();
  if (uploads || !sendAfter) return;
  sendAfter = false;
  // What was refused is read first; the text stays for another go.
  if (!failed) document.getElementById("reply")?.requestSubmit();
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-pick]")) return;
  const files = [...event.target.files];
  event.target.value = "";
  upload(files);
});
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (event.target.id !== "words" || !files.length) return;
  event.preventDefault();
  upload(files);
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const place = event.target.closest?.(".middle");
    if (!place || !composer() || ![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    composer().classList.toggle("over", kind === "dragover");
    if (kind === "drop") upload([...event.dataTransfer.files]);
  });
}
document.addEventListener("click", (event) => event.target.closest("[data-unchip]")?.closest("li").remove());

// ---- Quotes and reactions

function noQuote() {
  const strip = composer()?.querySelector("[data-quote-strip]");
  if (!strip) return;
  strip.hidden = true;
  strip.querySelector("[name=reply_to]").value = "";
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-no-quote]")) return noQuote();
  const say = event.target.closest(".line")?.querySelector("[data-quote]");
  if (event.target.closest("[data-reply-to]") && say) {
    const strip = composer().querySelector("[data-quote-strip]");
    strip.querySelector("[name=reply_to]").value = say.dataset.quote;
    strip.querySelector("[data-quote-words]").textContent = say.dataset.quoteText;
    strip.hidden = false;
    return write(false);
  }
  const react = event.target.closest("[data-react]");
  if (react && say) {
    emojiFor(react, async (emoji) => {
      const answer = await post(`${openUrl()}react`, { message_id: say.dataset.quote, emoji });
      if (!answer.ok) problem(await answer.text());
      refreshOpen();
    });
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-emoji]");
  if (button) emojiFor(button, insert, { stay: true });
  if (event.target.closest("[data-canned]")) {
    const text = field();
    text.focus();
    if (!/(^|\s)\/$/.test(text.value.slice(0, text.selectionStart))) insert(text.value && !/\s$/.test(text.value.slice(0, text.selectionStart)) ? " /" : "/");
    suggestOn(text);
  }
});

export function insert(what) {
  const text = field();
  if (!text) return;
  text.setRangeText(what, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
}

// ---- Closing says so, and can be undone

document.addEventListener("inbox:closed", () => {
  const url = openUrl();
  const again = document.querySelector("[data-close-form] button")?.textContent ?? "";
  tell(words("closed"), words("again") || again, async () => {
    await post(`${url}reopen`);
    refreshOpen();
    refreshQueue();
  });
  refreshOpen();
  refreshQueue();
});
document.addEventListener("inbox:changed", () => {
  for (const menu of document.querySelectorAll("#open-head details.menu[open]")) menu.open = false;
  document.activeElement?.closest("#open-head")?.querySelector(":focus")?.blur();
  refreshOpen();
  refreshQueue();
});

