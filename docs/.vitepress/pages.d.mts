export const PAGES: readonly string[];
export function nameHeading(text: string): string;
