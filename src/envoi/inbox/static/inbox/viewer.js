// Pictures of the thread, large, one after the other. Without this file their links open the file itself.

const dialog = () => document.getElementById("viewer");
let at = 0;

const pictures = () => [...document.querySelectorAll(".thread [data-view=image]")];

function show(n) {
  const all = pictures();
  if (!all.length) return;
  at = (n + all.length) % all.length;
  const one = all[at], place = dialog();
  const image = document.createElement("img");
  image.src = one.href;
  image.alt = one.querySelector("img")?.alt ?? "";
  place.querySelector("[data-stage]").replaceChildren(image);
  place.querySelector("[data-name]").textContent = one.dataset.name;
  const link = place.querySelector("[data-download]");
  link.href = one.href;
  link.setAttribute("download", one.dataset.name);
  for (const step of place.querySelectorAll("[data-step]")) step.hidden = all.length < 2;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-view=image]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    show(pictures().indexOf(link));
    dialog().showModal();
    return;
  }
  const place = event.target.closest("#viewer");
  if (!place) return;
  const step = event.target.closest("[data-step]");
  if (step) show(at + Number(step.dataset.step));
  else if (event.target.closest("[data-close]") || event.target.matches("[data-stage], .viewer-stage")) place.close();
});

document.addEventListener("keydown", (event) => {
  if (!dialog()?.open) return;
  if (event.key === "ArrowRight") show(at + 1);
  else if (event.key === "ArrowLeft") show(at - 1);
});
