// Exits 0 when the daemon behind the socket named as argument leads.
import { get } from "node:http";

const asked = get({ socketPath: process.argv[2], path: "/readyz", timeout: 2000 }, (response) => {
  let body = "";
  response.on("data", (chunk) => (body += chunk));
  response.on("end", () => process.exit(body.includes('"role":"leader"') ? 0 : 1));
});
asked.on("error", () => process.exit(1));
asked.on("timeout", () => process.exit(1));
