// Runs before the page is painted, hence no module: the chosen theme and the switch of
// single-key shortcuts are on the root element before anything shows, so nothing flashes.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("rs.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("rs.keys") === "off") root.dataset.keys = "off";
  } catch {
    // Storage may be forbidden; the page then follows the system.
  }
})();
