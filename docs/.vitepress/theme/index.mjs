// The default theme, with the style of formulas. Fonts and styles are part of the site, which requests nothing from elsewhere.
import "katex/dist/katex.min.css";
import "./style.css";

export { default } from "vitepress/theme";
