// What a key means in the rows of an editor: "save", "up", "down", "next" (on to the next row) or nothing.
export function rowKey(event) {
  if (event.isComposing) return null;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return "save";
  if (event.altKey) return { ArrowUp: "up", ArrowDown: "down" }[event.key] ?? null;
  return event.key === "Enter" && event.target.matches("input") ? "next" : null;
}
