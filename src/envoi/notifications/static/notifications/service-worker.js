// Shows what is pushed, and opens where it leads. It keeps nothing and answers no request of a page.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    // What can't be read is shown as nothing more than the name.
  }
  const shown = self.registration.showNotification(told.title || "Envoi", {
    body: told.body || "",
    tag: told.tag,
    icon: "/static/web/mark.svg",
    data: { link: told.link || "/notifications/" },
  });
  const pages = self.clients.matchAll({ type: "window" }).then((all) => all.forEach((page) => page.postMessage("notified")));
  event.waitUntil(Promise.all([shown, pages]));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const link = new URL(event.notification.data.link, self.location.origin);
  if (link.origin !== self.location.origin) return;
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then(async (pages) => {
      for (const page of pages) {
        if ("focus" in page && "navigate" in page) {
          await page.focus();
          return page.navigate(link.href);
        }
      }
      return self.clients.openWindow(link.href);
    }),
  );
});
