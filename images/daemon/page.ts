/** Builds the page (src/dashboard) into dist/dashboard, as the daemon serves it: hashed names, nothing inline, nothing from outside. */
import { build } from "vite";

await build({
  configFile: false,
  root: new URL("../../src/dashboard", import.meta.url).pathname,
  base: "/",
  publicDir: false,
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: new URL("../../dist/dashboard", import.meta.url).pathname,
    emptyOutDir: true,
    target: "es2024",
    // the page's policy refuses what is inline
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
