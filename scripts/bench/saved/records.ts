/**
 * The records behind the tools of the office: the same at each run, of the size that such records have.
 *
 * @module
 */

/** A customer. */
export interface Customer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly phone: string;
  readonly tier: "standard" | "silver" | "gold";
  readonly country: string;
  readonly city: string;
  readonly account_manager: string;
  readonly credit_limit: number;
  readonly currency: string;
  readonly created_at: string;
}

/** An invoice. */
export interface Invoice {
  readonly id: string;
  readonly customer_id: string;
  readonly order_id: string;
  readonly status: "open" | "overdue" | "paid";
  readonly issued_at: string;
  readonly due_at: string;
  readonly currency: string;
  readonly amount: number;
  readonly amount_due: number;
  readonly reminders: number;
}

/** A ticket, without what was written in it. */
export interface Ticket {
  readonly id: string;
  readonly customer_id: string;
  readonly subject: string;
  readonly status: "open" | "waiting" | "solved";
  readonly priority: "low" | "normal" | "high" | "urgent";
  readonly assignee: string;
  readonly opened_at: string;
  readonly updated_at: string;
  readonly tags: readonly string[];
}

const NAMES = ["Alder", "Birke", "Castor", "Dahlia", "Erle", "Falke", "Ginster", "Hasel", "Iris", "Jade"];
const TRADES = ["Logistics", "Optics", "Foods", "Textiles", "Pumps", "Print"];
const PLACES = [["DE", "Hamburg"], ["FR", "Lyon"], ["DE", "Leipzig"], ["NL", "Utrecht"], ["DE", "Ulm"], [
  "AT",
  "Graz",
]] as const;
const TIERS = ["gold", "standard", "silver", "standard"] as const;
const MANAGERS = ["m.brandt", "s.okafor", "j.lindqvist"];
const SUBJECTS = [
  "Delivery arrived incomplete",
  "Cannot sign in to the portal",
  "Wrong VAT number on the invoice",
  "Label printer rejects the new format",
  "Question about the framework contract",
  "Goods damaged in transit",
];
const PRIORITIES = ["normal", "low", "urgent", "high", "normal"] as const;
const DAY_MS = 86_400_000;
const TODAY = Date.parse("2026-11-20");

function dayBefore(days: number): string {
  return new Date(TODAY - days * DAY_MS).toISOString().slice(0, 10);
}

/** All customers. */
export const CUSTOMERS: readonly Customer[] = Array.from({ length: 72 }, (_, i) => {
  const [country, city] = PLACES[i % PLACES.length]!;
  const word = NAMES[i % NAMES.length]!;
  const trade = TRADES[Math.floor(i / 3) % TRADES.length]!;
  return {
    id: `C-${1000 + i}`,
    name: `${word} ${trade} ${country === "DE" ? "GmbH" : "SA"}`,
    email: `accounts@${word.toLowerCase()}-${trade.toLowerCase()}.example`,
    phone: `+49 40 55501${String(i).padStart(2, "0")}`,
    tier: TIERS[i % TIERS.length]!,
    country,
    city,
    account_manager: `${MANAGERS[i % MANAGERS.length]}@shop.example`,
    credit_limit: 5_000 * (1 + i % 5),
    currency: "EUR",
    created_at: dayBefore(400 + i * 17),
  };
});

/** Gives the invoices of a customer, newest first. */
export function invoicesOf(customer: Customer): readonly Invoice[] {
  const seed = Number(customer.id.slice(2)) - 1_000;
  return Array.from({ length: 4 + seed % 5 }, (_, i) => {
    const days = 6 + i * 23 + seed % 7;
    const amount = Math.round((180 + (seed * 37 + i * 211) % 2_400) * 100 + (seed * 13 + i * 7) % 100) / 100;
    const status = days < 30 ? "open" : (seed + i) % 3 === 0 ? "overdue" : "paid";
    return {
      id: `I-${50_000 + seed * 10 + i}`,
      customer_id: customer.id,
      order_id: `O-${20_000 + seed * 10 + i}`,
      status,
      issued_at: dayBefore(days),
      due_at: dayBefore(days - 30),
      currency: customer.currency,
      amount,
      amount_due: status === "paid" ? 0 : amount,
      reminders: status === "overdue" ? 1 + i % 3 : 0,
    };
  });
}

/** Gives the tickets of a customer, newest first. */
export function ticketsOf(customer: Customer): readonly Ticket[] {
  const seed = Number(customer.id.slice(2)) - 1_000;
  return Array.from({ length: 2 + seed % 4 }, (_, i) => {
    const age = 2 + i * 11 + seed % 5;
    return {
      id: `T-${3_000 + seed * 10 + i}`,
      customer_id: customer.id,
      subject: SUBJECTS[(seed + i) % SUBJECTS.length]!,
      status: (["open", "waiting", "solved"] as const)[(seed + i) % 3]!,
      priority: PRIORITIES[(seed + i * 2) % PRIORITIES.length]!,
      assignee: `${MANAGERS[(seed + i) % MANAGERS.length]}@shop.example`,
      opened_at: dayBefore(age + 3),
      updated_at: dayBefore(age),
      tags: seed % 2 === 0 ? ["logistics"] : ["portal", "b2b"],
    };
  });
}

/** Gives what was written in a ticket. */
export function messagesOf(
  ticket: Ticket,
): readonly { readonly from: string; readonly at: string; readonly body: string }[] {
  return [
    { from: "customer", at: ticket.opened_at, body: FIRST[Number(ticket.id.slice(2)) % FIRST.length]! },
    {
      from: ticket.assignee,
      at: ticket.updated_at,
      body:
        "Thank you for writing to us. I have passed this on to the warehouse and will be back with you by tomorrow.",
    },
    {
      from: "customer",
      at: ticket.updated_at,
      body: LAST[Number(ticket.id.slice(2)) % LAST.length]!,
    },
  ];
}

const FIRST = [
  "Good morning, two of the five pallets that we ordered did not arrive on Tuesday. The driver had no papers for them, " +
  "and the portal shows the order as delivered. Our line stands still from Friday on if they are not here by then.",
  "Since the update none of my three colleagues can sign in. The page says that the session has expired, right after " +
  "the code from the app was accepted. We have tried two browsers and a phone.",
  "The invoice of last month carries the VAT number that we had before we moved. Our accountant cannot book it so. " +
  "Please send a corrected one, and change the number for the future as well.",
];
const LAST = [
  "That was a week ago and nobody has called. If this is not settled by Monday we will have to look for somebody else.",
  "It works again since this morning, thank you. Could you tell us what it was, so that we know the next time?",
];
