// Drive uses a service by the types that openapi-typescript has made of its document. It
// compiles only if they say of answers what it relies on, and does the same as drive in Go.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { env: { SERVICE: string } };

const service = createClient<paths>({ baseUrl: process.env.SERVICE });

function must<T>(what: string, value: T | undefined, answer: { error?: unknown }): T {
  if (value === undefined) throw new Error(`${what}: ${JSON.stringify(answer.error)}`);
  return value;
}

function same(what: string, got: unknown, want: unknown): void {
  if (got !== want) throw new Error(`${what}: ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

const credentials = { name: "ada", password: "correct horse battery staple" };
const registered = await service.POST("/register", { body: credentials });
same("register", must("register", registered.data, registered).name, "ada");
const loggedIn = await service.POST("/login", { body: credentials });
const stranger = createClient<paths>({ baseUrl: process.env.SERVICE });
const headers = { Authorization: `Bearer ${must("log in", loggedIn.data, loggedIn).access_token}` };

const created = await service.POST("/orders", { headers, body: { customer: "ada", items: [{ sku: "coffee", quantity: 2 }] } });
const order = must("create", created.data, created);
same("total", order.total_cents, 2500);
const path = { id: order.id };
const got = await service.GET("/orders/{id}", { headers, params: { path } });
same("get", must("get", got.data, got).items[0]?.sku, "coffee");
const listed = await service.GET("/orders", { headers, params: { query: { limit: 1 } } });
same("list", must("list", listed.data, listed).orders.length, 1);
const missing = await service.GET("/orders/{id}", { headers, params: { path: { id: "ord_none" } } });
same("get what is not there", missing.error?.type, "/problems/order_not_found");
const refused = await service.GET("/orders", { headers, params: { query: { limit: 0 } } });
same("list nothing", refused.error?.errors?.[0]?.location, "query.limit");
const unknown = await stranger.GET("/orders/{id}", { params: { path } });
same("get without a token", unknown.response.status, 401);
const cancelled = await service.POST("/orders/{id}/cancel", { headers, params: { path } });
same("cancel", must("cancel", cancelled.data, cancelled).status, "cancelled");
