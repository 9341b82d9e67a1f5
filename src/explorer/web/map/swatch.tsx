import styles from "./swatch.module.css";
/** A disc in the color of a class or point. */
export function Swatch({ color }: { color: string }) {
  return (
    <svg class={styles.swatch} viewBox="0 0 10 10" aria-hidden="true">
      <circle cx="5" cy="5" r="5" fill={color} />
    </svg>
  );
}
