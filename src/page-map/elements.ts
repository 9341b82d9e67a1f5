/** Creates an element with text or child elements. Texts are never interpreted as markup. */
export function element(name: string, className = "", ...content: (string | Node)[]): HTMLElement {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

export function drawing(
  name: string,
  attributes: Record<string, string | number>,
  ...content: (string | Node)[]
): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...content);
  return made;
}

export function heading(scope: "row" | "col", text: string): HTMLElement {
  const cell = element("th", "", text);
  cell.setAttribute("scope", scope);
  return cell;
}
