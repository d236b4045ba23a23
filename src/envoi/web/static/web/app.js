// Small comforts; every page works without them. No state, no framework.

// A menu closes when one clicks elsewhere or presses Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  // "/" goes to the search box of the page.
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.target.closest("input, textarea, select, [contenteditable]")) {
    const search = document.querySelector("main input[type=search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
});

document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-dismiss]");
  if (closer) closer.closest(".notice").remove();
});

// One box picks all rows of the list it heads.
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-pick-all]");
  if (all) for (const box of all.form.querySelectorAll(".pick")) box.checked = all.checked;
  const form = event.target.closest("form");
  const counter = form?.querySelector("[data-picked]");
  if (counter) counter.textContent = form.querySelectorAll(".pick:checked").length;
});

// A filter acts when chosen; without this file its form has a button.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-send-on-change]");
  if (form && event.target.matches("select, input[type=checkbox], input[type=radio]") && !form.hasAttribute("hx-get")) form.requestSubmit();
});

// A file dropped on the area lands in its input, and the area says its name.
for (const area of document.querySelectorAll(".drop")) {
  const input = area.querySelector("input[type=file]");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    area.addEventListener(kind, (event) => {
      event.preventDefault();
      area.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) input.files = event.dataTransfer.files;
    });
  }
}

// A form that was sent does not send twice.
document.addEventListener("submit", (event) => {
  if (event.target.method === "dialog" || event.target.matches("[hx-post], [hx-get]")) return;
  requestAnimationFrame(() => {
    for (const button of event.target.querySelectorAll("button[type=submit], button:not([type])")) {
      if (!event.defaultPrevented && event.target.method === "post") button.setAttribute("aria-disabled", "true");
    }
  });
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[aria-disabled=true][type=submit]")) button.removeAttribute("aria-disabled");
});

// When the server can't be reached, htmx has nothing to swap: say it in the problem area.
function unreachable() {
  const words = document.getElementById("unreachable");
  const area = document.getElementById("problem");
  if (words && area) area.replaceChildren(words.content.cloneNode(true));
}
document.addEventListener("htmx:sendError", unreachable);
document.addEventListener("htmx:timeout", unreachable);
document.addEventListener("htmx:beforeRequest", () => document.getElementById("problem")?.replaceChildren());

// Addresses stay short: a filter that says nothing is left out of the query.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") return;
  for (const [name, value] of [...event.detail.formData.entries()]) if (value === "") event.detail.formData.delete(name);
});

// A refusal is read in the problem area, so an open question makes room for it.
document.addEventListener("htmx:responseError", () => {
  for (const open of document.querySelectorAll(":popover-open")) open.hidePopover();
  document.getElementById("problem")?.scrollIntoView({ block: "center" });
});

// A button writes its words into a text, where the caret is.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  const field = button && document.getElementById(button.dataset.into);
  if (!field) return;
  field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// A form that is drawn anew ([data-keeps-typed]) keeps what was typed while the server answered.
let typed = new Map();
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  if (!target.matches("[data-keeps-typed]") || requestConfig.parameters.do !== "redraw") return;
  typed = new Map([...target.querySelectorAll("input[type=text], input[type=url], textarea")].map((field) => [field.name, field.value]));
});
document.addEventListener("htmx:afterSettle", () => {
  for (const [name, value] of typed) for (const field of document.getElementsByName(name)) if (field.value !== value) field.value = value;
  typed = new Map();
});

// Copies what stands in a field; where the browser does not allow it, the field is selected for the reader's own hands.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  const field = button && document.getElementById(button.dataset.copy);
  if (!field) return;
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    const words = button.querySelector("span");
    words.dataset.before ??= words.textContent;
    words.textContent = button.dataset.copied;
    setTimeout(() => { words.textContent = words.dataset.before; }, 2000);
  } catch {
    field.focus();
  }
});
