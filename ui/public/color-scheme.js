// Sets the color scheme before the first paint to avoid a white flash in dark mode. This is a
// separate file because the CSP forbids inline scripts.
(() => {
  const stored = localStorage.getItem("mcm-color-scheme");
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const scheme = stored === "light" || stored === "dark" ? stored : system;
  document.documentElement.setAttribute("data-mantine-color-scheme", scheme);
})();
