import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach, beforeAll } from "vitest";
import { startI18n } from "../i18n/i18n.ts";

// Browser APIs that the component library needs and jsdom does not provide.
Object.defineProperty(window, "matchMedia", {
  value: (query: string) => ({
    matches: false,
    media: query,
    addEventListener() {},
    removeEventListener() {},
    addListener() {},
    removeListener() {},
  }),
});
class NoObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
class NoStream {
  addEventListener() {}
  close() {}
}
Object.assign(globalThis, {
  EventSource: NoStream,
  ResizeObserver: NoObserver,
  IntersectionObserver: NoObserver,
});
Element.prototype.scrollIntoView = () => {};
window.scrollTo = () => {};

beforeAll(() => startI18n("en"));
afterEach(cleanup);
