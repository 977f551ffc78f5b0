/** A plan's part about one project: its steps, why each, and whom they interrupt. */
import type { Plan } from "../../client/client.ts";
import { Badge, type Tone } from "./badge.tsx";

type Part = Plan["projects"][number];
const IMPACT: Readonly<Record<Part["steps"][number]["impact"], Tone>> = {
  none: "idle",
  live: "good",
  restart: "warn",
  data: "bad",
};

export function PlanSteps({ of }: { readonly of: Part }) {
  return (
    <div class="plan">
      <p class="muted">
        {of.project}: {of.change}
      </p>
      {of.fields.length > 0 && (
        <ul class="changes">
          {of.fields.map(({ field, from, to }) => (
            <li key={field} class="code">
              {field}: <del>{from}</del> → <ins>{to}</ins>
            </li>
          ))}
        </ul>
      )}
      <ol class="steps">
        {of.steps.map((step) => (
          <li key={step.id}>
            <span class="code">
              {step.kind} {step.resource}
            </span>{" "}
            <Badge tone={IMPACT[step.impact]}>{step.impact}</Badge>
            <span class="muted"> {step.cause}</span>
            {step.interrupts.length > 0 && (
              <span class="bad"> interrupts {step.interrupts.join(", ")}</span>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}
