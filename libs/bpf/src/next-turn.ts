/** A promise that lets signals, timers and output have their turn before it resolves. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
