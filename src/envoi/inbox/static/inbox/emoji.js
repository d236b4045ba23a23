// A small choice of emoji of our own: nothing is fetched. Arrows move, Enter takes, Escape closes; the last used come first.

const GROUPS = [
  ["🙂", "😀 😃 😄 😁 😆 😅 🤣 😂 🙂 🙃 😉 😊 😇 🥰 😍 🤩 😘 😋 😜 🤗 🤭 🤔 🤐 😐 😶 😏 😒 🙄 😬 😌 😔 😪 😴 😷 🤒 🤧 🥵 🥶 😵 🤯 🥳 😎 🤓 😕 😟 🙁 😮 😯 😲 😳 🥺 😧 😨 😥 😢 😭 😱 😖 😞 😩 😤 😡 😠"],
  ["👍", "👍 👎 👌 ✌️ 🤞 🤟 🤙 👈 👉 👆 👇 ☝️ ✋ 🖐️ 👋 👏 🙌 🤝 🙏 💪 ✍️ 👀 🧠 👶 👦 👧 👨 👩 👴 👵 🙋 🙇 🤦 🤷 💁 🙅 🙆 🏃 💃 👪 👥"],
  ["🌿", "🐶 🐱 🐭 🐰 🦊 🐻 🐼 🐨 🐯 🦁 🐮 🐷 🐸 🐵 🐔 🐧 🐦 🦉 🐝 🦋 🐢 🐟 🐬 🌵 🎄 🌲 🌳 🌴 🌱 🌿 🍀 🌷 🌹 🌻 🌸 🌍 🌙 ⭐ 🌟 ☀️ ⛅ 🌧️ ❄️ 🔥 💧 🌈"],
  ["🍎", "🍎 🍊 🍋 🍌 🍉 🍇 🍓 🍒 🍑 🥝 🍅 🥑 🥕 🌽 🥐 🍞 🧀 🍳 🥞 🍔 🍟 🍕 🌮 🍣 🍜 🍰 🎂 🍫 🍪 🍯 ☕ 🍵 🥤 🍺 🍷 🥂"],
  ["🎁", "🎁 🎉 🎊 🎈 🏆 🎵 🎧 📷 📱 💻 ⌚ 📞 💡 🔋 🔑 🔒 🔔 📣 📦 🚚 🚗 🚕 🚌 🚲 ✈️ 🚀 🏠 🏢 🏪 🏥 ⏰ 📅 📍 📌 📎 ✏️ 📝 📄 📧 💳 💰 🧾 👕 👗 👟 👜 💄 💍 🕶️ 🛒"],
  ["❤️", "❤️ 🧡 💛 💚 💙 💜 🖤 💔 💕 💯 ✅ ❌ ❗ ❓ ⚠️ ⛔ 🚫 ♻️ ➕ ➖ ✔️ ➡️ ⬅️ ⬆️ ⬇️ 🔄 🔴 🟠 🟡 🟢 🔵 🟣 ⚫ ⚪ 🆕 🆗 ℹ️ ©️ ®️ ™️ #️⃣ 0️⃣ 1️⃣ 2️⃣ 3️⃣ 4️⃣ 5️⃣"],
].map(([sign, all]) => [sign, all.split(" ")]);
const FIRST = ["👍", "🙏", "😊", "❤️", "😂", "🎉", "👌", "✅"];
const KEPT = "envoi.emoji";

let choose, stays, from, over;

function lately() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) || "[]").filter((one) => typeof one === "string");
    return [...new Set([...kept, ...FIRST])].slice(0, 24);
  } catch {
    return FIRST;
  }
}

function used(emoji) {
  try {
    localStorage.setItem(KEPT, JSON.stringify([emoji, ...lately().filter((one) => one !== emoji)].slice(0, 24)));
  } catch { /* A browser that keeps nothing shows the first ones. */ }
}

function build(place) {
  const names = place.dataset.groups.split("|");
  const groups = [["🕘", lately()], ...GROUPS];
  const tabs = document.createElement("div"), grid = document.createElement("div");
  tabs.className = "emoji-tabs";
  tabs.setAttribute("role", "tablist");
  grid.className = "emoji-grid";
  grid.setAttribute("role", "tabpanel");
  const show = (n) => {
    for (const [at, tab] of [...tabs.children].entries()) tab.setAttribute("aria-selected", at === n);
    grid.setAttribute("aria-label", names[n] ?? "");
    grid.replaceChildren(...groups[n][1].map((emoji) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = emoji;
      button.addEventListener("click", () => take(place, emoji));
      return button;
    }));
    grid.scrollTop = 0;
  };
  for (const [n, [sign]] of groups.entries()) {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-label", names[n] ?? sign);
    tab.title = names[n] ?? "";
    tab.textContent = sign;
    tab.addEventListener("click", () => { show(n); grid.firstElementChild?.focus(); });
    tabs.append(tab);
  }
  place.replaceChildren(tabs, grid);
  place.setAttribute("role", "dialog");
  place.setAttribute("aria-label", place.dataset.words);
  show(0);
}

function take(place, emoji) {
  used(emoji);
  choose?.(emoji);
  if (stays) return;
  place.hidePopover();
}

export function emojiFor(button, act, { stay = false } = {}) {
  const place = document.getElementById("emoji");
  if (!place) return;
  if (place.matches(":popover-open")) {
    place.hidePopover();
    if (from === button) return;
    from?.setAttribute("aria-expanded", "false");
  }
  [choose, stays, from] = [act, stay, button];
  build(place);
  place.showPopover();
  const box = button.getBoundingClientRect(), own = place.getBoundingClientRect();
  place.style.left = `${Math.max(8, Math.min(box.left, innerWidth - own.width - 8))}px`;
  place.style.top = `${box.top - own.height - 8 > 8 ? box.top - own.height - 8 : Math.min(box.bottom + 8, innerHeight - own.height - 8)}px`;
  button.setAttribute("aria-expanded", "true");
  over?.abort();
  over = new AbortController();
  // Opening is told as well as closing, and only after this.
  place.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    over.abort();
    button.setAttribute("aria-expanded", "false");
    // Whoever closed it by going somewhere else stays there.
    const at = document.activeElement;
    if (!at || at === document.body || at === button || place.contains(at)) (stay ? document.getElementById("words") : button)?.focus();
  }, { signal: over.signal });
  place.querySelector(".emoji-grid button")?.focus();
}

document.addEventListener("keydown", (event) => {
  const grid = event.target.closest?.(".emoji-grid, .emoji-tabs");
  if (!grid) return;
  const all = [...grid.children], at = all.indexOf(event.target);
  const across = grid.matches(".emoji-tabs") ? all.length : Math.max(1, all.filter((one) => one.offsetTop === all[0].offsetTop).length);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + across, ArrowUp: at - across, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  if (to < 0 && event.key === "ArrowUp") grid.previousElementSibling?.querySelector("[aria-selected=true]")?.focus();
  else if (grid.matches(".emoji-tabs") && event.key === "ArrowDown") grid.nextElementSibling?.querySelector("button")?.focus();
  else all[Math.max(0, Math.min(all.length - 1, to))]?.focus();
});
