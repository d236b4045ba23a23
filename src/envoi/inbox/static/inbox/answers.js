// Answers from the company's questions and answers, beside what the customer asked last. They are put into the field and
// never sent: by a click, or with the keyboard (q, or Alt and the arrow up in the field; then arrows and Enter).

import { composer, field, openKey, post, words } from "./page.js";

// The company has not switched them on: not asked again before the page is loaded anew.
let off = false;

const place = () => document.getElementById("suggestions");
const offered = () => [...(place()?.querySelectorAll("[data-insert]") ?? [])];

// The customer's last message, while no person has answered it.
function question() {
  const said = [...document.querySelectorAll("#lines > .line.theirs, #lines > .line.ours:not([data-by-itself], .failed)")].at(-1);
  return said?.classList.contains("theirs") ? said : null;
}

export async function answers() {
  const here = place();
  if (!here || off) return;
  const line = question();
  const about = line ? `${openKey()} ${line.id}` : "";
  if (here.dataset.about === about) return;
  here.dataset.about = about;
  const text = line?.querySelector(".bubble .text:not(.said-by-us)")?.textContent.trim().slice(0, 500) ?? "";
  let found = [];
  if (text) {
    const answer = await post(composer().dataset.answers, { text, language: composer().dataset.language, into: "words" }).catch(() => null);
    if (answer?.ok) {
      off = answer.headers.get("X-Suggestions") === "off";
      const doc = new DOMParser().parseFromString(await answer.text(), "text/html");
      found = [...(doc.getElementById("suggestions")?.children ?? [])];
    }
  }
  // Another was opened, or they wrote again, while the server answered.
  if (place() !== here || here.dataset.about !== about) return;
  here.replaceChildren(...found);
  const said = composer().querySelector("[data-answers-said]");
  if (said) said.textContent = found.length ? words("answers", { count: offered().length }) : "";
}

export function toAnswers() {
  offered()[0]?.focus();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-no-answers]")) return;
  place().replaceChildren();
  field()?.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.target.id === "words" && event.altKey && event.key === "ArrowUp" && offered().length) {
    event.preventDefault();
    return toAnswers();
  }
  const at = offered().indexOf(event.target);
  if (at < 0) return;
  if (event.key === "ArrowDown" && at < offered().length - 1) offered()[at + 1].focus();
  else if (event.key === "ArrowUp" && at) offered()[at - 1].focus();
  else if (event.key === "Escape") field()?.focus();
  else if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
});
