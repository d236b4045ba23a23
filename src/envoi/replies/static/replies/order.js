// A list whose rows are dragged by their grip: ol[data-order] > li[data-move] with [data-grip]. The buttons up and down do the same
// by keyboard, and without this file. data-move: where the new place goes; data-order: what the answer replaces.

const EDGE = 60; // so near to the edge of the window, the page moves along

let drag = null;

function rowsOf(list) {
  return [...list.querySelectorAll(":scope > li[data-move]")];
}

function number(list) {
  rowsOf(list).forEach((row, place) => { row.querySelector("[data-grip] > span").textContent = place + 1; });
}

function pass(y) {
  const { list, row } = drag;
  for (const other of rowsOf(list)) {
    if (other === row) continue;
    const box = other.getBoundingClientRect();
    const isBefore = Boolean(other.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING);
    // Over the middle of a row, the two change places.
    if (isBefore && y < box.top + box.height / 2) {
      other.before(row);
      break;
    }
    if (!isBefore && y > box.top + box.height / 2) other.after(row);
  }
  number(list);
}

function end(keep) {
  const { list, row, place, next } = drag;
  drag = null;
  row.classList.remove("dragged");
  list.classList.remove("dragging");
  if (!keep) list.insertBefore(row, next);
  number(list);
  const to = rowsOf(list).indexOf(row);
  if (to === place) return;
  const token = row.querySelector("[name=csrfmiddlewaretoken]").value;
  window.htmx.ajax("POST", row.dataset.move, {
    source: row,
    target: list.dataset.order,
    swap: "outerHTML",
    values: { to: to + 1, csrfmiddlewaretoken: token },
  });
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest("[data-order] [data-grip]");
  if (!grip || event.button !== 0) return;
  event.preventDefault();
  const row = grip.closest("li");
  const list = row.parentElement;
  drag = { list, row, place: rowsOf(list).indexOf(row), next: row.nextElementSibling, pointer: event.pointerId };
  row.classList.add("dragged");
  list.classList.add("dragging");
  list.setPointerCapture(event.pointerId);
});
document.addEventListener("pointermove", (event) => {
  if (!drag || event.pointerId !== drag.pointer) return;
  if (event.clientY < EDGE) window.scrollBy(0, -12);
  if (event.clientY > window.innerHeight - EDGE) window.scrollBy(0, 12);
  pass(event.clientY);
});
document.addEventListener("pointerup", (event) => { if (drag?.pointer === event.pointerId) end(true); });
document.addEventListener("pointercancel", (event) => { if (drag?.pointer === event.pointerId) end(false); });
document.addEventListener("keydown", (event) => { if (drag && event.key === "Escape") end(false); });
