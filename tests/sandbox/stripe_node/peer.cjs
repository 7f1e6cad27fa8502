// Drives a server that speaks Stripe with Stripe's own package. What is asked comes as JSON on the standard
// input: {url, key, secret, reference, webhook: {body, header}}. What was answered goes out the same way.

const Stripe = require("stripe");

const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const { hostname, port, pathname } = new URL(asked.url);

// The package knows no server below a path, so its paths are lengthened on their way.
const httpClient = Stripe.createNodeHttpClient();
const send = httpClient.makeRequest.bind(httpClient);
httpClient.makeRequest = (host, ofHost, path, ...rest) => send(host, ofHost, pathname + path, ...rest);

function client(key) {
  return new Stripe(key, { host: hostname, port, protocol: "http", httpClient, telemetry: false, maxNetworkRetries: 0 });
}

async function refusal(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return { type: error.type, code: error.code ?? null, status: error.statusCode };
  }
}

async function main() {
  const stripe = client(asked.key);
  const wanted = {
    mode: "payment",
    client_reference_id: asked.reference,
    success_url: "http://shop.test/return?session={CHECKOUT_SESSION_ID}",
    line_items: [
      { quantity: 2, price_data: { currency: "usd", unit_amount: 25000, product_data: { name: "A night by the lake" } } },
    ],
    payment_intent_data: { capture_method: "manual", metadata: { booking: "HB-7K2M" } },
  };
  const once = { idempotencyKey: `${asked.reference}-S` };
  const session = await stripe.checkout.sessions.create(wanted, once);
  const again = await stripe.checkout.sessions.create(wanted, once);
  const other = await refusal(stripe.checkout.sessions.create({ ...wanted, locale: "en" }, once));

  const page = await fetch(session.url, { method: "POST", body: new URLSearchParams({ outcome: "pay" }), redirect: "manual" });
  const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent.latest_charge"] });
  const intent = paid.payment_intent;
  const taken = await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 30000 });
  const twice = await refusal(stripe.paymentIntents.capture(intent.id));
  const canceled = await refusal(stripe.paymentIntents.cancel(intent.id));
  for (const amount of [1000, 2000, 3000]) {
    await stripe.refunds.create({ payment_intent: intent.id, amount });
  }
  const refunds = [];
  for await (const refund of stripe.refunds.list({ payment_intent: intent.id, limit: 2 })) {
    refunds.push(refund.amount);
  }
  const event = stripe.webhooks.constructEvent(asked.webhook.body, asked.webhook.header, asked.secret);
  const timestamp = Number(asked.webhook.header.match(/t=(\d+)/)[1]);
  const header = stripe.webhooks.generateTestHeaderString({ payload: asked.webhook.body, secret: asked.secret, timestamp });

  return {
    version: session.lastResponse.apiVersion,
    same: session.id === again.id,
    other,
    back: page.headers.get("location") === `http://shop.test/return?session=${session.id}`,
    total: paid.amount_total,
    status: [paid.status, paid.payment_status, intent.status],
    reserved: [intent.amount_capturable, intent.latest_charge.captured],
    window: intent.latest_charge.payment_method_details.card.capture_before - intent.latest_charge.created,
    taken: [taken.status, taken.amount_received],
    twice,
    canceled,
    refunds,
    stranger: await refusal(client("sk_test_guessed").balance.retrieve()),
    unknown: await refusal(stripe.paymentIntents.retrieve("pi_guessed")),
    event: [event.type, event.data.object.object],
    header,
  };
}

main().then((answer) => process.stdout.write(JSON.stringify(answer)));
