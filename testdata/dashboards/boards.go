package main

import "fmt"

// of selects the series of the chosen services.
const of = `service_name=~"$service"`

// rate is the sum of a counter's rates, by labels.
func rate(metric, matchers, by string) string {
	if matchers != "" {
		matchers = ", " + matchers
	}
	return fmt.Sprintf("sum by (%s) (rate(%s{%s%s}[$__rate_interval]))", by, metric, of, matchers)
}

// sum is the sum of a gauge, by labels.
func sum(metric, matchers, by string) string {
	if matchers != "" {
		matchers = ", " + matchers
	}
	return fmt.Sprintf("sum by (%s) (%s{%s%s})", by, metric, of, matchers)
}

// quantiles are the median and the slowest of a hundred of a histogram of seconds, by a label.
func quantiles(metric, matchers, by string) []query {
	var all []query
	for _, q := range []struct{ share, name string }{{"0.5", "p50"}, {"0.99", "p99"}} {
		all = append(all, query{fmt.Sprintf("histogram_quantile(%s, %s)", q.share, rate(metric+"_bucket", matchers, by+", le")), q.name + " {{" + by + "}}"})
	}
	return all
}

// share is the part of a counter's series of has that have more as well, which is 0 where none have.
func share(metric, has, more, by string) string {
	whole := rate(metric, has, by)
	if has != "" {
		more = has + ", " + more
	}
	return fmt.Sprintf("(%s or 0 * %s) / %s", rate(metric, more, by), whole, whole)
}

const (
	requests  = "http_server_request_duration_seconds"
	failed    = `http_response_status_code=~"5.."`
	redis     = `db_system_name="redis"`
	river     = `messaging_system="river"` // jobs, and not events
	broker    = `messaging_system!="river"`
	calls     = "http_client_request_duration_seconds"
	giftCards = `http_route=~"/gift-cards(/.*)?"`
	unserved  = `error_type!~"|canceled|4.."` // no answer, or one of 5xx; not what the caller gave up or asked for wrongly
)

// connections are those of the pools of databases and Redis, which their names tell apart.
var connections = panel{title: "Connections", unit: "short", queries: []query{
	{sum("db_client_connection_count", "", "db_client_connection_pool_name, db_client_connection_state"), "{{db_client_connection_state}} {{db_client_connection_pool_name}}"},
	{sum("db_client_connection_max", "", "db_client_connection_pool_name"), "at most {{db_client_connection_pool_name}}"},
}}

// boards are all dashboards. What is said of gift cards is said of each resource of a service, in its own name.
var boards = []board{
	{"feature/dashboards", "start", "Start", []panel{
		{title: "Requests", unit: "reqps", kind: number, queries: []query{{rate(requests+"_count", "", "service_name"), "{{service_name}}"}}},
		{title: "Failed requests", about: "Answered with 5xx.", unit: "percentunit", kind: number, queries: []query{{share(requests+"_count", "", failed, "service_name"), "{{service_name}}"}}},
		{title: "Slowest of a hundred requests", unit: "s", kind: number, queries: quantiles(requests, "", "service_name")[1:]},
		{title: "Instances", unit: "short", kind: number, queries: []query{{"count by (service_name) (target_info{" + of + "})", "{{service_name}}"}}},
		{title: "Dashboards", kind: overview},
	}},
	{"shared/http", "requests", "Requests", []panel{
		{title: "Requests by route", unit: "reqps", queries: []query{{rate(requests+"_count", "", "http_request_method, http_route"), "{{http_request_method}} {{http_route}}"}}},
		{title: "Failed requests by route", about: "Answered with 5xx.", unit: "percentunit", queries: []query{{share(requests+"_count", "", failed, "http_route"), "{{http_route}}"}}},
		{title: "Duration by route", about: "Each point of an exemplar leads to a trace.", unit: "s", queries: quantiles(requests, "", "http_route")},
		{title: "Answers by status", unit: "reqps", queries: []query{{rate(requests+"_count", "", "http_response_status_code"), "{{http_response_status_code}}"}}},
		{title: "Requests in progress", unit: "short", queries: []query{{sum("http_server_active_requests", "", "http_request_method"), "{{http_request_method}}"}}},
		{title: "Size of requests", unit: "Bps", queries: []query{{rate("http_server_request_body_size_bytes_sum", "", "http_route"), "{{http_route}}"}}},
		{title: "Size of answers", unit: "Bps", queries: []query{{rate("http_server_response_body_size_bytes_sum", "", "http_route"), "{{http_route}}"}}},
	}},
	{"shared/telemetry", "go-runtime", "Go runtime", []panel{
		{title: "Memory", about: "The limit is GOMEMLIMIT.", unit: "bytes", queries: []query{
			{sum("go_memory_used_bytes", "", "service_instance_id"), "used {{service_instance_id}}"},
			{sum("go_memory_limit_bytes", "", "service_instance_id"), "limit {{service_instance_id}}"},
			{sum("go_memory_gc_goal_bytes", "", "service_instance_id"), "goal of the garbage collector {{service_instance_id}}"},
		}},
		{title: "Allocated", unit: "Bps", queries: []query{{rate("go_memory_allocated_bytes_total", "", "service_instance_id"), "{{service_instance_id}}"}}},
		{title: "Allocations", unit: "ops", queries: []query{{rate("go_memory_allocations_total", "", "service_instance_id"), "{{service_instance_id}}"}}},
		{title: "Goroutines", unit: "short", queries: []query{{sum("go_goroutine_count", "", "service_instance_id"), "{{service_instance_id}}"}}},
		{title: "Waiting for a processor", about: "How long goroutines that could run have not.", unit: "s", queries: quantiles("go_schedule_duration_seconds", "", "service_instance_id")},
		{title: "Processors", unit: "short", queries: []query{{sum("go_processor_limit", "", "service_instance_id"), "{{service_instance_id}}"}}},
	}},
	{"shared/telemetry", "telemetry", "Telemetry of services", []panel{
		{title: "Spans and log records sent", about: "By what went wrong, if anything has.", unit: "cps", queries: []query{
			{rate("otel_sdk_exporter_span_exported_total", "", "error_type"), "spans {{error_type}}"},
			{rate("otel_sdk_exporter_log_exported_total", "", "error_type"), "log records {{error_type}}"},
		}},
		{title: "Spans and log records processed", about: "queue_full: they came faster than they could be sent, and are lost.", unit: "cps", queries: []query{
			{rate("otel_sdk_processor_span_processed_total", "", "error_type"), "spans {{error_type}}"},
			{rate("otel_sdk_processor_log_processed_total", "", "error_type"), "log records {{error_type}}"},
		}},
		{title: "Queues", about: "How full they are.", unit: "percentunit", queries: []query{
			{sum("otel_sdk_processor_span_queue_size", "", "service_instance_id") + " / " + sum("otel_sdk_processor_span_queue_capacity", "", "service_instance_id"), "spans {{service_instance_id}}"},
			{sum("otel_sdk_processor_log_queue_size", "", "service_instance_id") + " / " + sum("otel_sdk_processor_log_queue_capacity", "", "service_instance_id"), "log records {{service_instance_id}}"},
		}},
		{title: "Duration of exports", unit: "s", queries: quantiles("otel_sdk_exporter_operation_duration_seconds", "", "otel_component_type")},
		{title: "Spans started", about: "By what the sampler decided.", unit: "cps", queries: []query{{rate("otel_sdk_span_started_total", "", "otel_span_sampling_result"), "{{otel_span_sampling_result}}"}}},
		{title: "Points of metrics sent", unit: "cps", queries: []query{{rate("otel_sdk_exporter_metric_data_point_exported_total", "", "error_type"), "{{error_type}}"}}},
	}},
	{"shared/telemetry", "logs", "Logs", []panel{
		{title: "Log records", about: "A record of a request has the id of its trace.", kind: records, queries: []query{{expr: `{service_name=~"$service"}`}}},
	}},
	{"shared/deploy", "collector", "Collector", []panel{
		collected("Received", "receiver_accepted", "receiver"),
		collected("Refused", "receiver_refused", "receiver"),
		collected("Sent", "exporter_sent", "exporter"),
		collected("Lost", "exporter_send_failed", "exporter"),
		{title: "Queues", about: "How full they are.", unit: "percentunit", queries: []query{{"max by (exporter, data_type) (otelcol_exporter_queue_size / otelcol_exporter_queue_capacity)", "{{exporter}} {{data_type}}"}}},
		{title: "Memory", unit: "bytes", queries: []query{{`max by (service_instance_id) ({__name__=~"otelcol_process_memory_rss(_bytes)?"})`, "{{service_instance_id}}"}}},
	}},
	{"feature/sampling", "spans", "Spans", []panel{
		{title: "Spans by name", about: "All that there were, whether their traces are kept or not.", unit: "ops", queries: []query{{rate("traces_span_metrics_calls_total", "", "span_name, span_kind"), "{{span_name}} {{span_kind}}"}}},
		{title: "Spans with an error by name", unit: "percentunit", queries: []query{{share("traces_span_metrics_calls_total", "", `status_code="STATUS_CODE_ERROR"`, "span_name"), "{{span_name}}"}}},
		{title: "Duration by name", unit: "s", queries: quantiles("traces_span_metrics_duration_seconds", "", "span_name")},
	}},
	{"shared/relational", "database", "Database", []panel{
		{title: "Queries", unit: "ops", queries: []query{{rate("db_client_operation_duration_seconds_count", "", "db_operation_name, db_collection_name"), "{{db_operation_name}} {{db_collection_name}}"}}},
		{title: "Duration of queries", unit: "s", queries: quantiles("db_client_operation_duration_seconds", "", "db_operation_name")},
		connections,
	}},
	{"shared/dbserver", "connections", "Database connections", []panel{
		{title: "Waiting for a connection", about: "Queries that there is no free connection for.", unit: "short", queries: []query{{sum("db_client_connection_pending_requests", "", "db_client_connection_pool_name"), "{{db_client_connection_pool_name}}"}}},
		{title: "Time to a connection", unit: "s", queries: quantiles("db_client_connection_wait_time_seconds", "", "db_client_connection_pool_name")},
		{title: "No connection in time", about: "Answered with 503.", unit: "cps", queries: []query{{rate("db_client_connection_timeouts_total", "", "db_client_connection_pool_name"), "{{db_client_connection_pool_name}}"}}},
	}},
	{"database/sqlite", "connections", "Database connections", []panel{
		{title: "Time spent waiting for a connection", about: "In a second, by all queries together.", unit: "percentunit", queries: []query{{rate("database_pool_wait_time_seconds_total", "", "db_client_connection_pool_name"), "{{db_client_connection_pool_name}}"}}},
	}},
	{"feature/redis", "redis", "Redis", []panel{
		{title: "Commands", unit: "ops", queries: []query{{rate("db_client_operation_duration_seconds_count", redis, "db_operation_name"), "{{db_operation_name}}"}}},
		{title: "Duration of commands", unit: "s", queries: quantiles("db_client_operation_duration_seconds", redis, "db_operation_name")},
		connections,
		{title: "Waiting for a connection", unit: "short", queries: []query{{sum("db_client_connection_pending_requests", "", "db_client_connection_pool_name"), "{{db_client_connection_pool_name}}"}}},
		{title: "No connection in time", unit: "cps", queries: []query{{rate("db_client_connection_timeouts_total", "", "db_client_connection_pool_name"), "{{db_client_connection_pool_name}}"}}},
	}},
	{"feature/redis/orders", "cache", "Cache", []panel{
		{title: "Look-ups", about: "hit, miss or error.", unit: "ops", queries: []query{{rate("cache_requests_total", "", "cache_result"), "{{cache_result}}"}}},
	}},
	{"feature/client", "calls", "Calls to other services", []panel{
		{title: "Requests by server", unit: "reqps", queries: []query{{rate(calls+"_count", "", "server_address, http_response_status_code"), "{{server_address}} {{http_response_status_code}}"}}},
		{title: "Failed requests by server", about: "No answer, or one of 5xx.", unit: "percentunit", queries: []query{{share(calls+"_count", "", unserved, "server_address"), "{{server_address}}"}}},
		{title: "Duration by server", unit: "s", queries: quantiles(calls, "", "server_address")},
		{title: "Requests in progress", unit: "short", queries: []query{{sum("http_client_active_requests", "", "server_address"), "{{server_address}}"}}},
		{title: "Open circuit breakers", unit: "short", queries: []query{{sum("httpclient_breakers_open", "", "server_address"), "{{server_address}}"}}},
		{title: "Requests that were not sent", about: "The circuit breaker was open, or too many were in progress.", unit: "reqps", queries: []query{{rate("httpclient_refusals_total", "", "server_address, error_type"), "{{server_address}} {{error_type}}"}}},
		{title: "Retries", about: "Whether the budget of retries allowed them.", unit: "reqps", queries: []query{{rate("httpclient_retries_total", "", "server_address, retry_allowed"), "{{server_address}} {{retry_allowed}}"}}},
	}},
	{"shared/rpc", "rpc", "RPC", []panel{
		{title: "Calls by method", unit: "reqps", queries: []query{{rate("rpc_server_call_duration_seconds_count", "", "rpc_method"), "{{rpc_method}}"}}},
		{title: "Answers by status", unit: "reqps", queries: []query{{rate("rpc_server_call_duration_seconds_count", "", "rpc_response_status_code"), "{{rpc_response_status_code}}"}}},
		{title: "Duration by method", unit: "s", queries: quantiles("rpc_server_call_duration_seconds", "", "rpc_method")},
		{title: "Calls of other services, by method", unit: "s", queries: quantiles("rpc_client_call_duration_seconds", "", "rpc_method")},
	}},
	{"feature/jobs", "jobs", "Jobs", []panel{
		{title: "Backlog", about: "Jobs by state. Discarded ones have failed for good.", unit: "short", queries: []query{{"max by (service_name, job_state) (jobs_backlog_size{" + of + "})", "{{job_state}}"}}},
		{title: "Age of the oldest", about: "How long it has been waiting to be worked.", unit: "s", queries: []query{{"max by (service_name) (jobs_backlog_age_seconds{" + of + "})", "{{service_name}}"}}},
		{title: "Attempts by outcome", unit: "ops", queries: []query{{rate("jobs_processed_total", "", "messaging_destination_name, job_outcome"), "{{messaging_destination_name}} {{job_outcome}}"}}},
		{title: "Duration of an attempt", unit: "s", queries: quantiles("messaging_process_duration_seconds", river, "messaging_destination_name")},
		{title: "Jobs added", unit: "ops", queries: []query{{rate("messaging_client_sent_messages_total", river, "messaging_destination_name"), "{{messaging_destination_name}}"}}},
		{title: "Duration of adding", unit: "s", queries: quantiles("messaging_client_operation_duration_seconds", river, "messaging_destination_name")},
		{title: "Jobs taken from the queue", unit: "ops", queries: []query{{rate("messaging_client_consumed_messages_total", river, "messaging_destination_name"), "{{messaging_destination_name}}"}}},
	}},
	{"shared/eventing", "events", "Events", []panel{
		{title: "Waiting to be handled", about: "The lag of a consumer.", unit: "short", queries: []query{{"max by (messaging_consumer_group_name) (events_pending{" + of + "})", "{{messaging_consumer_group_name}}"}}},
		{title: "Dead letters", about: "Events that failed for good.", unit: "short", queries: []query{{"max by (messaging_consumer_group_name) (events_dead_letters{" + of + "})", "{{messaging_consumer_group_name}}"}}},
		{title: "Events sent", unit: "ops", queries: []query{{rate("messaging_client_sent_messages_total", broker, "messaging_destination_name, error_type"), "{{messaging_destination_name}} {{error_type}}"}}},
		{title: "Events received", unit: "ops", queries: []query{{rate("messaging_client_consumed_messages_total", broker, "messaging_destination_name"), "{{messaging_destination_name}}"}}},
		{title: "Attempts by outcome", unit: "ops", queries: []query{{rate("events_processed_total", "", "messaging_destination_name, event_outcome"), "{{messaging_destination_name}} {{event_outcome}}"}}},
		{title: "Duration of an attempt", unit: "s", queries: quantiles("messaging_process_duration_seconds", broker, "messaging_destination_name")},
		{title: "Duration of sending", unit: "s", queries: quantiles("messaging_client_operation_duration_seconds", broker+`, messaging_operation_type="send"`, "messaging_destination_name")},
	}},
	{"shared/outbox", "outbox", "Outbox", []panel{
		{title: "Events that are not sent yet", unit: "short", queries: []query{{"max by (service_name) (outbox_size{" + of + "})", "{{service_name}}"}}},
		{title: "Age of the oldest", about: "How long it has been waiting to be sent.", unit: "s", queries: []query{{"max by (service_name) (outbox_age_seconds{" + of + "})", "{{service_name}}"}}},
		{title: "Events that the broker refuses", about: "For good, and they are kept: events dead lists them.", unit: "short", queries: []query{{"max by (service_name) (outbox_refused{" + of + "})", "{{service_name}}"}}},
	}},
	{"feature/background", "background", "Background jobs", []panel{
		{title: "Jobs", unit: "ops", queries: []query{{rate("background_job_duration_seconds_count", "", "job_name"), "{{job_name}}"}}},
		{title: "Duration of a job", unit: "s", queries: quantiles("background_job_duration_seconds", "", "job_name")},
		{title: "Queue", about: "How full it is.", unit: "percentunit", queries: []query{{sum("background_queue_size", "", "service_instance_id") + " / " + sum("background_queue_capacity", "", "service_instance_id"), "{{service_instance_id}}"}}},
		{title: "Jobs that were refused", about: "The queue was full, or the service was ending.", unit: "ops", queries: []query{{rate("background_jobs_rejected_total", "", "job_name, error_type"), "{{job_name}} {{error_type}}"}}},
		{title: "Jobs that a shutdown lost", about: "Accepted, and not finished before SHUTDOWN_TIMEOUT. The process counts them as it ends, so there is no rate.", unit: "short", queries: []query{{sum("background_jobs_lost_total", "", "job_name"), "{{job_name}}"}}},
	}},
	{"feature/realtime", "realtime", "Streams of events", []panel{
		{title: "Open streams", unit: "short", queries: []query{{sum("realtime_subscribers", "", "realtime_transport"), "{{realtime_transport}}"}}},
		{title: "Streams that ended", about: "By why they did.", unit: "cps", queries: []query{{rate("realtime_stream_duration_seconds_count", "", "realtime_reason"), "{{realtime_reason}}"}}},
		{title: "From publication to the connection", unit: "s", queries: quantiles("realtime_message_duration_seconds", "", "realtime_transport")},
		{title: "Events that subscribers did not get", unit: "cps", queries: []query{{rate("realtime_messages_dropped_total", "", "realtime_reason"), "{{realtime_reason}}"}}},
	}},
	{"feature/auth", "access", "Access", []panel{
		{title: "Requests by token", about: "Whether they had a valid one.", unit: "reqps", queries: []query{{rate("auth_attempts_total", "", "auth_outcome"), "{{auth_outcome}}"}}},
		{title: "Refused requests", about: "By what was wrong with the token.", unit: "reqps", queries: []query{{rate("auth_attempts_total", `auth_outcome!="accepted"`, "error_type"), "{{error_type}}"}}},
	}},
	{"feature/users", "users", "Users", []panel{
		{title: "Registrations by outcome", unit: "ops", queries: []query{{rate("user_registrations_total", "", "user_outcome"), "{{user_outcome}}"}}},
		{title: "Logins by outcome", unit: "ops", queries: []query{{rate("user_logins_total", "", "user_outcome"), "{{user_outcome}}"}}},
	}},
	{"feature/tenancy", "tenants", "Tenants", []panel{
		{title: "Requests by tenant", about: "Of the tenants in TENANCY_METRICS; all others are _OTHER.", unit: "reqps", queries: []query{{rate("tenant_requests_total", "", "tenant_id"), "{{tenant_id}}"}}},
	}},
	{"feature/posts", "posts", "Posts", []panel{
		{title: "Changes", about: "Of posts, and of votes and favourites.", unit: "ops", queries: []query{{rate("posts_changes_total", "", "post_change"), "{{post_change}}"}}},
		{title: "Changes by outcome", unit: "ops", queries: []query{{rate("posts_changes_total", "", "post_outcome"), "{{post_outcome}}"}}},
	}},
	{"resource/collection", "resource-gift-cards", "Gift cards", []panel{
		{title: "Created", about: "By what went wrong, if anything has.", unit: "ops", queries: []query{{rate("gift_cards_created_total", "", "error_type"), "created {{error_type}}"}}},
		{title: "Requests by route", unit: "reqps", queries: []query{{rate(requests+"_count", giftCards, "http_request_method, http_route"), "{{http_request_method}} {{http_route}}"}}},
		{title: "Failed requests by route", about: "Answered with 5xx.", unit: "percentunit", queries: []query{{share(requests+"_count", giftCards, failed, "http_route"), "{{http_route}}"}}},
		{title: "Duration by route", unit: "s", queries: quantiles(requests, giftCards, "http_route")},
	}},
	{"sample/orders", "orders", "Orders", []panel{
		{title: "Orders by outcome", unit: "ops", queries: []query{{rate("orders_processed_total", "", "order_outcome"), "{{order_outcome}}"}}},
		{title: "Orders in progress", unit: "short", queries: []query{{sum("orders_active", "", "service_name"), "{{service_name}}"}}},
		{title: "Duration of payments", unit: "s", queries: quantiles("payment_duration_seconds", "", "payment_method")},
	}},
}

// collected shows counters of a collector for each signal. What they are called depends on whether they are fetched or sent.
func collected(title, what, by string) panel {
	p := panel{title: title, unit: "cps"}
	for _, signal := range []struct{ name, title string }{{"spans", "spans"}, {"metric_points", "points of metrics"}, {"log_records", "log records"}} {
		expr := fmt.Sprintf(`sum by (%s) (rate({__name__=~"otelcol_%s_%s(_total)?"}[$__rate_interval]))`, by, what, signal.name)
		p.queries = append(p.queries, query{expr, signal.title + " {{" + by + "}}"})
	}
	return p
}
