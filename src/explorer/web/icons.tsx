import type { ComponentChildren } from "preact";
import styles from "./icons.module.css";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg
      class={styles.icon}
      viewBox="0 0 24 24"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      stroke-width="1.7"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      {children}
    </svg>
  );
}

export const icons = {
  colors: (
    <Icon>
      <circle cx="9" cy="9" r="5" />
      <circle cx="15.5" cy="10.5" r="5" />
      <circle cx="11.5" cy="15.5" r="5" />
    </Icon>
  ),
  point: (
    <Icon>
      <circle cx="12" cy="12" r="7" />
      <circle cx="12" cy="12" r="1.6" fill="currentColor" stroke="none" />
      <path d="M12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3" />
    </Icon>
  ),
  table: (
    <Icon>
      <path d="M4 5h16v14H4zM4 10h16M4 14.500h16M10 10v9" />
    </Icon>
  ),
  filters: (
    <Icon>
      <path d="M4 5h16l-6.2 7.5V19l-3.6-2v-4.500z" />
    </Icon>
  ),
  selection: (
    <Icon>
      <path d="M5 9c0-3 3-5 7.5-5S20 6 20 9.5 17 14 13 14c-2 0-3.5.5-4 2" stroke-dasharray="3 2.6" />
      <circle cx="8" cy="18.5" r="2" />
    </Icon>
  ),
  interpolation: (
    <Icon>
      <circle cx="5.5" cy="17.5" r="2.5" />
      <circle cx="18.5" cy="6.5" r="2.5" />
      <path d="M8 15.500l8-7" stroke-dasharray="2 2.6" />
    </Icon>
  ),
  latent: (
    <Icon>
      <path d="M4 6.500h16M4 12h16M4 17.500h16" />
      <circle cx="9" cy="6.5" r="2.2" fill="currentColor" />
      <circle cx="15.5" cy="12" r="2.2" fill="currentColor" />
      <circle cx="7" cy="17.5" r="2.2" fill="currentColor" />
    </Icon>
  ),
  exchange: (
    <Icon>
      <path d="M4 9h15M15 5l4 4-4 4M20 15.500H5M9 11.500l-4 4 4 4" />
    </Icon>
  ),
  search: (
    <Icon>
      <circle cx="10.5" cy="10.5" r="6" />
      <path d="M15 15l5.5 5.5" />
    </Icon>
  ),
  moved: (
    <Icon>
      <circle cx="5.5" cy="18.5" r="1.8" />
      <path d="M7.5 16.500L18.5 5.500M11.5 5h7.500v7.5" />
    </Icon>
  ),
  computations: (
    <Icon>
      <path d="M3 13h4l2.5-7 4.5 12 2.5-5H21" />
    </Icon>
  ),
  move: (
    <Icon>
      <path d="M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3" />
    </Icon>
  ),
  lasso: (
    <Icon>
      <path d="M5 10c0-3.5 3-6 7.5-6S20 6 20 9.5 17 15 12.5 15C9 15 5 14 5 10z" stroke-dasharray="3.5 2.6" />
      <path d="M7.5 13.500c-.5 1.5 0 2.5 1 3.500s.5 3-2 3.5" />
    </Icon>
  ),
  nearer: (
    <Icon>
      <path d="M12 5v14M5 12h14" />
    </Icon>
  ),
  farther: (
    <Icon>
      <path d="M5 12h14" />
    </Icon>
  ),
  whole: (
    <Icon>
      <path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5" />
    </Icon>
  ),
  download: (
    <Icon>
      <path d="M12 4v11M7.5 11l4.5 4.5 4.5-4.500M5 20h14" />
    </Icon>
  ),
  light: (
    <Icon>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.600L7 7M17 17l1.4 1.400M5.6 18.400L7 17M17 7l1.4-1.4" />
    </Icon>
  ),
  dark: (
    <Icon>
      <path d="M20 14.500A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.500z" />
    </Icon>
  ),
  help: (
    <Icon>
      <circle cx="12" cy="12" r="9" />
      <path d="M9.5 9.500a2.5 2.5 0 1 1 3.5 2.300c-.7.3-1 .8-1 1.700M12 16.800v.1" />
    </Icon>
  ),
  close: (
    <Icon>
      <path d="M6 6l12 12M18 6L6 18" />
    </Icon>
  ),
  play: (
    <Icon>
      <path d="M8 5l11 7-11 7z" fill="currentColor" />
    </Icon>
  ),
  pause: (
    <Icon>
      <path d="M8 5v14M16 5v14" stroke-width="3.2" />
    </Icon>
  ),
};
