/**
 * The plugin that gives Collet the fifty tools of an office. Those that the tasks of the benchmark need work on its
 * records; the others are listed as they would be, and only say that they were called.
 *
 * @module
 */
import { definePlugin, type JsonObject, type Plugin, ToolError } from "collet";
import { OFFICE_TOOLS } from "./office_tools.ts";
import { type Customer, CUSTOMERS, invoicesOf, messagesOf, type Ticket, ticketsOf } from "./records.ts";

type Run = (args: Readonly<Record<string, unknown>>) => unknown;

const RUNS: Readonly<Record<string, Run>> = {
  list_customers: (args) => ({ customers: CUSTOMERS.filter((it) => fits(it, args, ["country", "tier"])) }),
  get_customer: ({ customer_id }) => customerOf(customer_id),
  list_invoices: (args) => ({
    invoices: invoicesOf(customerOf(args["customer_id"])).filter((it) => fits(it, args, ["status"])),
  }),
  list_tickets: (args) => ({
    tickets: ticketsAt(args["customer_id"]).filter((it) => fits(it, args, ["status", "priority"])),
  }),
  get_ticket({ ticket_id }) {
    const found = ticketsAt(undefined).find(({ id }) => id === ticket_id);
    if (found === undefined) throw new ToolError(`Cannot get the ticket: "${String(ticket_id)}" is none`);
    return { ...found, messages: messagesOf(found) };
  },
  post_message: ({ channel }) => ({ id: "M-88213", channel }),
};

const office: Plugin<void> = definePlugin({
  name: "office",
  version: "1.0.0",
  setup({ tool }) {
    for (const { name, description, inputSchema, outputSchema, isReadOnly } of OFFICE_TOOLS) {
      tool({
        ...{ name, description, input: { ...inputSchema } },
        ...(outputSchema !== undefined && { output: { ...outputSchema } }),
        annotations: { readOnlyHint: isReadOnly, destructiveHint: false },
        run: (args) => (RUNS[name]?.(args as JsonObject) ?? { status: "done" }) as JsonObject,
      });
    }
  },
});

export default office;

function fits(record: object, args: Readonly<Record<string, unknown>>, keys: readonly string[]): boolean {
  return keys.every((key) => args[key] === undefined || (record as Record<string, unknown>)[key] === args[key]);
}

function customerOf(id: unknown): Customer {
  const found = CUSTOMERS.find((it) => it.id === id);
  if (found === undefined) throw new ToolError(`Cannot find the customer: "${String(id)}" is none`);
  return found;
}

function ticketsAt(customer: unknown): readonly Ticket[] {
  return customer === undefined ? CUSTOMERS.flatMap(ticketsOf) : ticketsOf(customerOf(customer));
}
