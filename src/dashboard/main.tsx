/** The browser program's entry: takes the token, opens the live stream, shows the page. */
import { render } from "preact";
import { takeToken } from "./access.ts";
import { App } from "./app.tsx";
import { keepLive } from "./live-link.ts";

takeToken();
keepLive();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
