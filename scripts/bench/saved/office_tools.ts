/**
 * What the fifty tools of an ordinary business server are called, say of themselves and take: customers, orders, stock,
 * invoices, support, calendar, messages and documents. Their schemas are of the size that such servers have.
 *
 * @module
 */

/** A part of a JSON Schema. */
export type Shape = Readonly<Record<string, unknown>>;

/** One tool, as it is listed. */
export interface OfficeTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Shape;
  readonly outputSchema?: Shape;
  readonly isReadOnly: boolean;
}

const text = (description: string): Shape => ({ type: "string", description });
const date = (description: string): Shape => ({ type: "string", format: "date", description });
const one = (description: string, ...values: string[]): Shape => ({ type: "string", enum: values, description });
const flag = (description: string): Shape => ({ type: "boolean", description });
const amount = (description: string): Shape => ({ type: "number", minimum: 0, description });
const texts = (description: string): Shape => ({ type: "array", items: { type: "string" }, description });
const limit: Shape = {
  type: "integer",
  minimum: 1,
  maximum: 100,
  default: 50,
  description: "Most records to give",
};
const cursor = text("Where the page before ended, as that page says it");

function objectOf(properties: Readonly<Record<string, Shape>>): Shape {
  // what is marked by "?" may be left out
  const entries = Object.entries(properties).map(([name, shape]) => [name.replace("?", ""), shape]);
  const required = Object.keys(properties).filter((name) => !name.endsWith("?"));
  return { type: "object", properties: Object.fromEntries(entries), ...(required.length > 0 && { required }) };
}

function listOf(name: string, properties: Readonly<Record<string, Shape>>): Shape {
  return objectOf({ [name]: { type: "array", items: objectOf(properties) }, "next_cursor?": cursor });
}

type Parameters = Readonly<Record<string, Shape>>;

function reading(name: string, description: string, input: Parameters, outputSchema?: Shape): OfficeTool {
  const tool = { name, description, inputSchema: objectOf(input), isReadOnly: true };
  return outputSchema === undefined ? tool : { ...tool, outputSchema };
}

function writing(name: string, description: string, input: Parameters, outputSchema?: Shape): OfficeTool {
  return { ...reading(name, description, input, outputSchema), isReadOnly: false };
}

const customerId = text("Id of the customer, such as C-1042");
const orderId = text("Id of the order, such as O-20417");
const ticketId = text("Id of the ticket, such as T-3301");
const priority = one("How urgent it is", "low", "normal", "high", "urgent");

const CUSTOMER: Parameters = {
  id: text("Such as C-1042"),
  name: text("Name of the company"),
  email: text("Address for invoices"),
  phone: text("Number of the switchboard"),
  tier: one("Class of service", "standard", "silver", "gold"),
  country: text("ISO 3166-1 code"),
  city: text("Where it has its seat"),
  account_manager: text("Who of us looks after it"),
  credit_limit: amount("In its currency"),
  currency: text("ISO 4217 code"),
  created_at: date("First contact"),
};
const INVOICE: Parameters = {
  id: text("Such as I-50012"),
  customer_id: customerId,
  order_id: orderId,
  status: one("What has become of it", "draft", "open", "overdue", "paid", "void"),
  issued_at: date("Day of issue"),
  due_at: date("Last day of payment"),
  currency: text("ISO 4217 code"),
  amount: amount("Of the whole invoice"),
  amount_due: amount("What is not paid yet"),
  reminders: { type: "integer", description: "How many reminders were sent" },
};
const TICKET: Parameters = {
  id: ticketId,
  customer_id: customerId,
  subject: text("In the customer's words"),
  status: one("Where it stands", "new", "open", "waiting", "solved"),
  priority,
  assignee: text("Who works on it"),
  opened_at: date("When it came"),
  updated_at: date("When somebody wrote last"),
  tags: texts("Words to find it by"),
};
const SENT = objectOf({ id: text("Id of the message"), channel: text("Where it was sent") });

/** The tools. */
export const OFFICE_TOOLS: readonly OfficeTool[] = [
  reading("list_customers", "List customers, filtered by country, class of service or account manager", {
    "country?": text("ISO 3166-1 code of two letters, such as DE"),
    "tier?": one("Class of service", "standard", "silver", "gold"),
    "account_manager?": text("E-mail address of an account manager"),
    "limit?": limit,
    "cursor?": cursor,
  }, listOf("customers", CUSTOMER)),
  reading("get_customer", "Get one customer with all of its fields", { customer_id: customerId }, objectOf(CUSTOMER)),
  reading("search_customers", "Search customers by name, e-mail address or phone number", {
    query: text("Words to search for"),
    "limit?": limit,
  }, listOf("customers", CUSTOMER)),
  writing("create_customer", "Create a customer", {
    name: text("Name of the company"),
    email: text("Address for invoices"),
    country: text("ISO 3166-1 code"),
    "tier?": one("Class of service", "standard", "silver", "gold"),
    "phone?": text("Number of the switchboard"),
    "notes?": text("What else is to be known"),
  }),
  writing("update_customer", "Change fields of a customer; those left out stay as they are", {
    customer_id: customerId,
    "name?": text("Name of the company"),
    "email?": text("Address for invoices"),
    "tier?": one("Class of service", "standard", "silver", "gold"),
    "credit_limit?": amount("In its currency"),
  }),
  reading("list_contacts", "List the people whom we know at a customer", { customer_id: customerId, "limit?": limit }),
  writing("add_contact", "Add a person to a customer", {
    customer_id: customerId,
    name: text("Full name"),
    email: text("E-mail address"),
    "role?": text("What the person does there"),
    "phone?": text("Phone number"),
  }),
  reading("list_orders", "List orders of a customer or of all, newest first", {
    "customer_id?": customerId,
    "status?": one("State of the order", "new", "paid", "packed", "shipped", "delivered", "returned", "cancelled"),
    "since?": date("Only orders of this day or later"),
    "limit?": limit,
    "cursor?": cursor,
  }),
  reading("get_order", "Get one order with its lines, prices and addresses", { order_id: orderId }),
  writing("create_order", "Create an order for a customer", {
    customer_id: customerId,
    lines: {
      type: "array",
      description: "What is ordered",
      items: objectOf({ sku: text("Number of the product"), quantity: { type: "integer", minimum: 1 } }),
    },
    "shipping_address?": text("Where it goes; the customer's own address by default"),
    "express?": flag("Whether it is shipped the same day"),
  }),
  writing("cancel_order", "Cancel an order that was not shipped yet", {
    order_id: orderId,
    reason: one("Why", "customer_request", "out_of_stock", "fraud", "duplicate"),
    "notify?": flag("Whether the customer is told"),
  }),
  writing("refund_order", "Pay back an order or a part of it", {
    order_id: orderId,
    "amount?": amount("All of it by default"),
    reason: text("As the customer will read it"),
  }),
  reading("track_shipment", "Say where the parcels of an order are", { order_id: orderId }),
  writing("create_return", "Register a return, and give a label for it", {
    order_id: orderId,
    skus: texts("Products that come back"),
    "reason?": text("Why they come back"),
  }),
  reading("list_products", "List products with prices and stock", {
    "category?": text("Name of a category"),
    "in_stock?": flag("Only products that are in stock"),
    "limit?": limit,
    "cursor?": cursor,
  }),
  reading("get_product", "Get one product", { sku: text("Number of the product, such as P-7730") }),
  writing("update_price", "Change the price of a product", {
    sku: text("Number of the product"),
    price: amount("New price without tax"),
    currency: text("ISO 4217 code"),
    "valid_from?": date("Today by default"),
  }),
  reading("get_stock", "Get how many of a product are in each warehouse", {
    sku: text("Number of the product"),
    "warehouse?": text("Code of a warehouse; all by default"),
  }),
  writing("adjust_stock", "Correct how many of a product are in a warehouse", {
    sku: text("Number of the product"),
    warehouse: text("Code of the warehouse"),
    delta: { type: "integer", description: "How many more, or fewer when negative" },
    reason: text("For the stock records"),
  }),
  writing("create_purchase_order", "Order products from a supplier", {
    supplier_id: text("Id of the supplier"),
    lines: {
      type: "array",
      description: "What is ordered",
      items: objectOf({ sku: text("Number of the product"), quantity: { type: "integer", minimum: 1 } }),
    },
    "expected_at?": date("When it has to be here"),
  }),
  reading("list_suppliers", "List suppliers", { "country?": text("ISO 3166-1 code"), "limit?": limit }),
  reading("list_invoices", "List the invoices of a customer, newest first, filtered by status", {
    customer_id: customerId,
    "status?": one("State of the invoice", "draft", "open", "overdue", "paid", "void"),
    "since?": date("Only invoices issued on this day or later"),
    "limit?": limit,
    "cursor?": cursor,
  }, listOf("invoices", INVOICE)),
  reading("get_invoice", "Get one invoice with its lines and payments", {
    invoice_id: text("Id of the invoice, such as I-50012"),
  }),
  writing("create_invoice", "Write an invoice for an order", {
    order_id: orderId,
    "due_in_days?": { type: "integer", minimum: 0, maximum: 90, default: 30, description: "Days until it is due" },
    "send?": flag("Whether it is sent at once"),
  }),
  writing("send_reminder", "Send a payment reminder for an overdue invoice", {
    invoice_id: text("Id of the invoice"),
    "level?": one("How firm it is", "friendly", "firm", "final"),
  }),
  writing("record_payment", "Record a payment that came in", {
    invoice_id: text("Id of the invoice"),
    amount: amount("What was paid"),
    paid_at: date("Day of the payment"),
    "method?": one("How it was paid", "transfer", "card", "direct_debit"),
  }),
  reading("get_balance", "Get what a customer owes and what it may owe", { customer_id: customerId }),
  reading("list_tickets", "List the support tickets of a customer, newest first, filtered by status or priority", {
    "customer_id?": customerId,
    "status?": one("Where it stands", "new", "open", "waiting", "solved"),
    "priority?": priority,
    "assignee?": text("E-mail address of who works on it"),
    "limit?": limit,
    "cursor?": cursor,
  }, listOf("tickets", TICKET)),
  reading("get_ticket", "Get one ticket with all of its messages", { ticket_id: ticketId }),
  writing("create_ticket", "Open a ticket for a customer", {
    customer_id: customerId,
    subject: text("One line"),
    body: text("What the customer wrote"),
    "priority?": priority,
    "tags?": texts("Words to find it by"),
  }),
  writing("reply_ticket", "Write to the customer in a ticket", {
    ticket_id: ticketId,
    body: text("Markdown"),
    "internal?": flag("Whether only we see it"),
    "status?": one("State afterwards", "open", "waiting", "solved"),
  }),
  writing("assign_ticket", "Give a ticket to somebody", {
    ticket_id: ticketId,
    assignee: text("E-mail address"),
    "priority?": priority,
  }),
  writing("merge_tickets", "Make one ticket of two", {
    ticket_id: ticketId,
    into: text("Id of the ticket that stays"),
  }),
  reading("search_knowledge_base", "Search the articles for customers and for support", {
    query: text("Words to search for"),
    "audience?": one("For whom", "customers", "support"),
    "limit?": limit,
  }),
  reading("get_article", "Get one article of the knowledge base as Markdown", {
    article_id: text("Id of the article"),
  }),
  reading("list_events", "List the events of a calendar between two days", {
    calendar: text("E-mail address of its owner"),
    from: date("First day"),
    to: date("Last day"),
    "limit?": limit,
  }),
  writing("create_event", "Add an event to a calendar, and invite people", {
    calendar: text("E-mail address of its owner"),
    title: text("One line"),
    starts_at: text("ISO 8601 with offset"),
    ends_at: text("ISO 8601 with offset"),
    "attendees?": texts("E-mail addresses"),
    "location?": text("Room or address of the meeting"),
  }),
  writing("cancel_event", "Cancel an event, and tell who was invited", {
    event_id: text("Id of the event"),
    "message?": text("What they are told"),
  }),
  reading("find_free_time", "Find times at which all of some people are free", {
    attendees: texts("E-mail addresses"),
    minutes: { type: "integer", minimum: 15, maximum: 480, description: "How long" },
    from: date("First day"),
    to: date("Last day"),
  }),
  writing("send_email", "Send an e-mail", {
    to: texts("Addresses"),
    subject: text("One line"),
    body: text("Markdown"),
    "cc?": texts("Addresses of copies"),
    "attachments?": texts("Ids of documents"),
  }),
  reading("search_email", "Search the shared mailbox", {
    query: text("Words to search for"),
    "from?": text("Address of the sender"),
    "since?": date("Only messages of this day or later"),
    "limit?": limit,
  }),
  writing("post_message", "Post a message to a channel of the team chat", {
    channel: text("Name of the channel, such as #finance"),
    text: text("Markdown"),
    "thread?": text("Id of a message to answer to"),
  }, SENT),
  reading("list_channels", "List the channels of the team chat", { "query?": text("Part of a name"), "limit?": limit }),
  reading("search_documents", "Search documents by their content", {
    query: text("Words to search for"),
    "folder?": text("Path of a folder"),
    "limit?": limit,
  }),
  reading("read_document", "Get a document as Markdown", { document_id: text("Id of the document") }),
  writing("create_document", "Create a document", {
    title: text("One line"),
    body: text("Markdown"),
    "folder?": text("Path of a folder"),
    "share_with?": texts("E-mail addresses"),
  }),
  reading("list_employees", "List the people of the company", {
    "department?": text("Name of a department"),
    "location?": text("Name of an office"),
    "limit?": limit,
  }),
  reading("get_exchange_rate", "Get the rate between two currencies on a day", {
    from: text("ISO 4217 code"),
    to: text("ISO 4217 code"),
    "on?": date("Today by default"),
  }),
  reading("run_report", "Run a report that is defined in the back office", {
    report: one("Which", "revenue", "churn", "stock_value", "support_load"),
    from: date("First day"),
    to: date("Last day"),
    "group_by?": one("Rows of the report", "day", "week", "month", "country"),
  }),
  writing("log_activity", "Write down what was done for a customer", {
    customer_id: customerId,
    kind: one("What it was", "call", "meeting", "email", "note"),
    summary: text("A sentence or two"),
    "follow_up_at?": date("When somebody should look again"),
  }),
];
