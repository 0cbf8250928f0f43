// What has to stand before the first paint: the language and the colours that were chosen, or those of the browser.
const root = document.documentElement;
try {
  const theme = localStorage.getItem("aion.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  root.lang = localStorage.getItem("aion.language") ?? (navigator.language.startsWith("es") ? "es" : "en");
} catch {
  root.lang = "en";
}
