// Pages show times by the reader's own clock: the server is told which one that is.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`envoi_zone=${zone}`)) {
  document.cookie = `envoi_zone=${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}
