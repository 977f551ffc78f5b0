/** The route that gives a browser a ticket for a terminal. */
import type { Daemon } from "../loop/daemon.ts";
import { projectPath } from "../schema/api-request.ts";
import { ticketView } from "../schema/api-terminal.ts";
import { onProject } from "./access.ts";
import { type Route, route } from "./route.ts";
import type { Tickets } from "./tickets.ts";

/** The ticket goes into the address of the WebSocket: `…/exec?ticket=…`. */
export function ticketRoute(tickets: Tickets, daemon: Daemon): Route {
  return route({
    method: "post",
    path: "/projects/{name}/exec-ticket",
    summary:
      "A ticket for one terminal, for a WebSocket that cannot show a token: used once, within 30 s",
    access: onProject("admin"),
    params: projectPath,
    response: ticketView,
    repeats: "daemon",
    again: (issued) => ({ ...issued, ticket: null }),
    answer: ({ params, caller }) => {
      daemon.project(params.name);
      return tickets.issue(caller, params.name);
    },
  });
}
