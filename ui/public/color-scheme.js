// Runs before the first paint, as a file of its own because inline scripts are forbidden:
// without it a dark-mode reader sees a white flash.
(() => {
  const stored = localStorage.getItem("mcm-color-scheme");
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const scheme = stored === "light" || stored === "dark" ? stored : system;
  document.documentElement.setAttribute("data-mantine-color-scheme", scheme);
})();
