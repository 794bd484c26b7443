// What Vega expects of its surroundings and QuickJS does not have. To be imported before it.
import structuredClone from '@ungap/structured-clone';

globalThis.structuredClone = structuredClone;
// Nothing here ever waits: what is put off is the next thing to do.
globalThis.setTimeout = (next) => {
  Promise.resolve().then(next);
  return 0;
};
globalThis.clearTimeout = () => {};
// Only timers of animations beat, and what is drawn here stands still.
globalThis.setInterval = () => 0;
globalThis.clearInterval = () => {};
