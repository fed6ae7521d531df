// Light, dark, or as the system says.

const STORED = "sonic.theme";

/** Let a select box choose the theme, and remember it. */
export function connectTheme(select) {
  const apply = (theme) => {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(STORED, theme);
  };
  select.value = localStorage.getItem(STORED) ?? "auto";
  apply(select.value);
  select.addEventListener("change", () => apply(select.value));
}
