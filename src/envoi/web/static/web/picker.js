// A choice with a search: select[data-picker] stays what is sent, and works by itself without this file.
//
// data-search: the words in the search box. data-choose: what the button says while nothing is chosen. data-none: what the list
// says when nothing matches. data-names="region": country codes are shown by their names in the reader's language.
// data-fresh: it opens at once, for it was just added. Keys: letters, arrows, Home, End, Enter, Escape.

const names = new Intl.DisplayNames([document.documentElement.lang || "en"], { type: "region", fallback: "code" });
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
let last = "";
let count = 0;

function make(tag, props = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...inside);
  return element;
}

function enhance(select) {
  if (select.dataset.made) return;
  select.dataset.made = "yes";
  if (select.dataset.names === "region") nameRegions(select);
  const id = `picker-${(count += 1)}`;
  const button = make("button", { type: "button", className: "picker-button" });
  button.setAttribute("aria-haspopup", "listbox");
  button.setAttribute("aria-expanded", "false");
  const search = make("input", { type: "search", className: "picker-search", placeholder: select.dataset.search, autocomplete: "off" });
  // Neither sent with the form nor taken for a change of it.
  search.setAttribute("role", "combobox");
  search.setAttribute("aria-controls", id);
  search.setAttribute("aria-label", select.dataset.search);
  search.setAttribute("form", "");
  const list = make("ul", { className: "picker-list", id });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", select.getAttribute("aria-label"));
  if (select.multiple) list.setAttribute("aria-multiselectable", "true");
  const panel = make("div", { className: "picker-panel", hidden: true }, search, list);
  const wrapper = make("span", { className: "picker" });
  select.before(wrapper);
  wrapper.append(button, panel, select);
  select.classList.add("unseen");
  select.tabIndex = -1;
  select.setAttribute("aria-hidden", "true");

  const say = () => {
    const chosen = [...select.selectedOptions].filter((option) => option.value !== "" || select.dataset.choose === undefined || !select.querySelector('option[value=""]')?.textContent.match(select.dataset.choose));
    const words = chosen.map((option) => option.textContent.trim());
    button.textContent = words.length ? words.join(words.length > 1 ? ` ${select.dataset.or ?? ""} `.replace(/ {2}/, ", ") : "") : select.dataset.choose ?? "";
    button.classList.toggle("unset", !words.length);
    button.setAttribute("aria-label", `${select.getAttribute("aria-label")}: ${button.textContent}`);
  };

  const draw = () => {
    const wanted = fold(search.value.trim());
    list.replaceChildren();
    for (const part of select.children) {
      const options = part.matches("optgroup") ? [...part.children] : [part];
      const group = part.matches("optgroup") ? part.label : "";
      const shown = options.filter((option) => (option.value !== "" || select.name.startsWith("value") && !select.dataset.choose?.includes(option.textContent.trim())) && fold(`${option.textContent} ${option.value} ${group}`).includes(wanted));
      if (shown.length && group) list.append(make("li", { className: "picker-group", textContent: group, role: "presentation" }));
      for (const option of shown) list.append(entry(option));
    }
    if (!list.querySelector("[role=option]")) list.append(make("li", { className: "picker-none", textContent: select.dataset.none }));
    light(list.querySelector("[aria-selected=true]") ?? list.querySelector("[role=option]"));
  };

  const entry = (option) => {
    const one = make("li", { className: "picker-option", id: `${id}-${option.index}`, textContent: option.textContent });
    one.setAttribute("role", "option");
    one.setAttribute("aria-selected", option.selected);
    one.addEventListener("mousedown", (event) => event.preventDefault());
    one.addEventListener("click", () => choose(option));
    one.addEventListener("mousemove", () => light(one, false));
    return one;
  };

  const light = (one, scroll = true) => {
    list.querySelector(".lit")?.classList.remove("lit");
    search.removeAttribute("aria-activedescendant");
    if (!one) return;
    one.classList.add("lit");
    search.setAttribute("aria-activedescendant", one.id);
    if (scroll) one.scrollIntoView({ block: "nearest" });
  };

  const choose = (option) => {
    if (select.multiple) option.selected = !option.selected;
    else select.value = option.value;
    say();
    last = select.id;
    if (select.multiple) {
      const at = option.index;
      draw();
      light(document.getElementById(`${id}-${at}`));
    } else close(true);
    select.dispatchEvent(new Event("input", { bubbles: true }));
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const open = () => {
    if (!panel.hidden) return;
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    search.value = "";
    draw();
    search.focus();
  };

  const close = (back) => {
    if (panel.hidden) return;
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus();
  };

  button.addEventListener("click", () => (panel.hidden ? open() : close(true)));
  button.addEventListener("keydown", (event) => {
    const typed = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!typed && event.key !== "ArrowDown") return;
    event.preventDefault();
    open();
    if (typed) {
      search.value = event.key;
      draw();
    }
  });
  search.addEventListener("input", (event) => {
    event.stopPropagation();
    draw();
  });
  search.addEventListener("keydown", (event) => {
    const options = [...list.querySelectorAll("[role=option]")];
    const at = options.findIndex((one) => one.classList.contains("lit"));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: options.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      light(options[Math.max(0, Math.min(options.length - 1, to))]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      options[at]?.click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close(true);
    }
  });
  wrapper.addEventListener("focusout", (event) => {
    if (!wrapper.contains(event.relatedTarget)) close(false);
  });
  select.addEventListener("change", say);
  say();
}

function nameRegions(select) {
  for (const option of select.options) if (/^[A-Z]{2}$/.test(option.value)) option.textContent = `${names.of(option.value)} (${option.value})`;
  const sorted = [...select.options].sort((one, other) => one.textContent.localeCompare(other.textContent, document.documentElement.lang));
  // Moved about, a select forgets what was chosen.
  const chosen = [...select.selectedOptions];
  select.append(...sorted);
  for (const option of select.options) option.selected = chosen.includes(option);
}

function everywhere() {
  for (const select of document.querySelectorAll("select[data-picker]")) enhance(select);
  const fresh = document.querySelector("select[data-fresh]");
  const again = fresh ?? (last && document.activeElement === document.body ? document.getElementById(last) : null);
  if (fresh) delete fresh.dataset.fresh;
  again?.closest(".picker")?.querySelector(".picker-button").focus();
}

// What is typed while the server draws the conditions anew is not lost: it is what differs from what was sent.
let sent = new Map();
let typed = [];
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.requestConfig.parameters.shape !== undefined) sent = new Map(fields().map((field) => [field.id, field.value]));
});
document.addEventListener("htmx:oobBeforeSwap", () => {
  typed = fields().filter((field) => sent.has(field.id) && sent.get(field.id) !== field.value).map((field) => [field.id, field.value]);
});
document.addEventListener("htmx:afterSettle", () => {
  for (const [id, value] of typed) {
    const field = document.getElementById(id);
    if (field?.matches("input")) field.value = value;
  }
  typed = [];
});

function fields() {
  return [...document.querySelectorAll("#rule input[id]")];
}

everywhere();
document.addEventListener("htmx:afterSettle", everywhere);
