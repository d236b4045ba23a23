// Switches notifications of this browser on and off (the page of settings).

const area = document.getElementById("this-browser");

function words(name) {
  for (const one of area.querySelectorAll("[data-when]")) one.hidden = one.dataset.when !== name;
}

function bytes(text) {
  const raw = atob((text + "=".repeat((4 - (text.length % 4)) % 4)).replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

function browserName() {
  const brands = navigator.userAgentData?.brands?.map((one) => one.brand).filter((name) => !/not.a.brand/i.test(name));
  const name = brands?.at(-1) ?? (/Firefox/.test(navigator.userAgent) ? "Firefox" : /Safari/.test(navigator.userAgent) ? "Safari" : "");
  const system = navigator.userAgentData?.platform ?? navigator.platform ?? "";
  return [name, system].filter(Boolean).join(" · ");
}

function headers() {
  return { "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"] };
}

async function look() {
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) return words("unable");
  if (Notification.permission === "denied") return words("denied");
  const worker = await navigator.serviceWorker.getRegistration("/");
  const kept = await worker?.pushManager.getSubscription();
  words(kept ? "on" : "off");
}

async function on() {
  if ((await Notification.requestPermission()) !== "granted") return words("denied");
  const worker = await navigator.serviceWorker.register("/service-worker.js", { scope: "/" });
  await navigator.serviceWorker.ready;
  const kept = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(area.dataset.key) });
  const body = JSON.stringify({ ...kept.toJSON(), label: browserName() });
  const answer = await fetch(area.dataset.subscribe, { method: "POST", headers: { ...headers(), "Content-Type": "application/json" }, body });
  if (!answer.ok) {
    await kept.unsubscribe();
    return words("failed");
  }
  location.reload();
}

async function off() {
  const worker = await navigator.serviceWorker.getRegistration("/");
  const kept = await worker?.pushManager.getSubscription();
  if (kept) {
    const body = new URLSearchParams({ endpoint: kept.endpoint });
    await fetch(area.dataset.unsubscribe, { method: "POST", headers: headers(), body, redirect: "manual" });
    await kept.unsubscribe();
  }
  location.reload();
}

if (area) {
  area.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    button.disabled = true;
    try {
      await (button.dataset.do === "on" ? on() : off());
    } catch {
      words("failed");
    } finally {
      button.disabled = false;
    }
  });
  look().catch(() => words("unable"));
}
