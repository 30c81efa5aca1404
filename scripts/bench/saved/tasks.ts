/**
 * The tasks that are done twice: what a model would call directly, and what it would write in code mode.
 *
 * @module
 */

/** A call that a model makes. */
export interface ModelCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** One task. */
export interface SavedTask {
  readonly title: string;
  /** Does it by direct calls; calls of one round go out together, since none needs the answer of another. */
  direct(rounds: (calls: readonly ModelCall[]) => Promise<readonly string[]>): Promise<void>;
  /** What is searched for before the code is written. */
  readonly searches: readonly string[];
  /** Tools that the code uses: the searches have to find them. */
  readonly uses: readonly string[];
  readonly code: string;
}

/**
 * A number of records is reduced to a few lines: what code mode is for. The user asks: "Which gold customers in Germany
 * have more than 3,000 euros overdue? Post them to #finance, the largest first, with the sum and the most reminders that
 * one of its invoices had."
 */
const REPORT: SavedTask = {
  title: "report over records",
  async direct(round) {
    const [listed = ""] = await round([{ name: "list_customers", arguments: { country: "DE", tier: "gold" } }]);
    const { customers } = JSON.parse(listed) as { customers: readonly { id: string; name: string }[] };
    const answers = await round(customers.map(({ id }) => ({
      name: "list_invoices",
      arguments: { customer_id: id, status: "overdue" },
    })));
    const lines = customers.map(({ name }, i) => ({ name, ...overdueIn(answers[i] ?? "") }))
      .filter(({ due }) => due > 3_000).sort((a, b) => b.due - a.due)
      .map(({ name, due, reminders }) => `- ${name}: ${due.toFixed(2)} EUR, ${reminders} reminders`);
    await round([{ name: "post_message", arguments: { channel: "#finance", text: lines.join("\n") } }]);
  },
  searches: ["list customers, list invoices, post message to channel"],
  uses: ["list_customers", "list_invoices", "post_message"],
  code: `const { customers } = await list_customers({ country: "DE", tier: "gold" });
const rows = await Promise.all(customers.map(async ({ id, name }) => {
  const { invoices } = await list_invoices({ customer_id: id, status: "overdue" });
  return {
    name,
    due: invoices.reduce((sum, it) => sum + it.amount_due, 0),
    reminders: Math.max(0, ...invoices.map((it) => it.reminders)),
  };
}));
const late = rows.filter((it) => it.due > 3000).sort((a, b) => b.due - a.due);
const text = late.map((it) => \`- \${it.name}: \${it.due.toFixed(2)} EUR, \${it.reminders} reminders\`).join("\\n");
await post_message({ channel: "#finance", text });
return text;`,
};

/**
 * All that the tools give has to be read by the model itself. The user asks: "Read the urgent tickets that are open, and
 * tell me which of these customers may leave us."
 */
const READING: SavedTask = {
  title: "texts to be read",
  async direct(round) {
    const [listed = ""] = await round([{ name: "list_tickets", arguments: { status: "open", priority: "urgent" } }]);
    const { tickets } = JSON.parse(listed) as { tickets: readonly { id: string }[] };
    await round(tickets.map(({ id }) => ({ name: "get_ticket", arguments: { ticket_id: id } })));
  },
  searches: ["list tickets, get ticket with messages"],
  uses: ["list_tickets", "get_ticket"],
  code: `const { tickets } = await list_tickets({ status: "open", priority: "urgent" });
return await Promise.all(tickets.map(({ id }) => get_ticket({ ticket_id: id })));`,
};

/** There is nothing to combine. The user asks: "What is the credit limit of C-1042?" */
const SINGLE: SavedTask = {
  title: "one call",
  async direct(round) {
    await round([{ name: "get_customer", arguments: { customer_id: "C-1042" } }]);
  },
  searches: ["get customer"],
  uses: ["get_customer"],
  code: `return await get_customer({ customer_id: "C-1042" });`,
};

/** The tasks. */
export const SAVED_TASKS: readonly SavedTask[] = [REPORT, READING, SINGLE];

function overdueIn(answer: string): { readonly due: number; readonly reminders: number } {
  const { invoices } = JSON.parse(answer) as { invoices: readonly { amount_due: number; reminders: number }[] };
  return {
    due: invoices.reduce((sum, it) => sum + it.amount_due, 0),
    reminders: Math.max(0, ...invoices.map((it) => it.reminders)),
  };
}
