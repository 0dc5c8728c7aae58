"""What a Supabase project answers under /rest/v1, over a real PostgreSQL: as much of PostgREST as the store asks for.

Built from the requests that Supabase's own client makes, and PostgREST's documented refusals. Run with a port and, in
the environment, the database and the two keys; every request is one transaction under the role of its key.
"""

import json
import os
import re
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg import sql

NAME = "memeval-stand-in/1"
# Supabase cuts every answer there.
MAX_ROWS = 1_000
MAX_BODY = 50_000_000
OPERATORS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_RESERVED = {"select", "order", "limit", "offset", "columns", "on_conflict"}
_ITEM = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,"]*)')
_local = threading.local()


class Refused(Exception):
    def __init__(self, status: int, code: str | None, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "details": None, "hint": None}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without it small answers wait for 40 ms.
    disable_nagle_algorithm = True
    server_version = NAME
    sys_version = ""

    def log_message(self, *arguments: object) -> None:
        pass

    def answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def handle_request(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length) if length <= MAX_BODY else b""
        try:
            if length > MAX_BODY:
                raise Refused(413, None, "request body too large")
            role = self.role()
            parts = urlsplit(self.path)
            path = unquote(parts.path)
            if not path.startswith("/rest/v1/"):
                raise Refused(404, None, "no Route matched with those values")
            query = parse_qsl(parts.query, keep_blank_values=True)
            self.answer(*self.served(role, path.removeprefix("/rest/v1/"), query, content))
        except Refused as error:
            self.answer(error.status, error.body)
        except psycopg.Error as error:
            _local.connection = None
            state = error.sqlstate
            status = {"42501": 403, "23505": 409, "42P01": 404, "42883": 404, "57014": 500}.get(state or "", 400)
            if state is None or state.startswith(("08", "57P", "53")):
                status, state = 503, "PGRST001" if state is None else state
            text = error.diag.message_primary or str(error)
            self.answer(status, {"code": state, "message": text, "details": error.diag.message_detail, "hint": None})

    do_GET = do_HEAD = do_POST = do_DELETE = do_PATCH = do_PUT = handle_request

    def role(self) -> str:
        given = self.headers.get("apikey")
        if given is None:
            raise Refused(401, None, "No API key found in request")
        roles = {os.environ["SERVICE_KEY"]: "service_role", os.environ["ANON_KEY"]: "anon"}
        if given not in roles:
            raise Refused(401, None, "Invalid API key")
        if self.headers.get("Authorization") != f"Bearer {given}":
            raise Refused(401, "PGRST301", "JWT cryptographic operation failed")
        return roles[given]

    def served(self, role: str, path: str, query: list[tuple[str, str]], content: bytes) -> tuple[Any, ...]:
        if path == "" and self.command in ("GET", "HEAD"):
            if role != "service_role":
                raise Refused(401, None, "Secret API key required")
            return 200, {"swagger": "2.0", "info": {"version": "1", "title": "a stand-in for tests"}}
        if getattr(_local, "connection", None) is None:
            _local.connection = psycopg.connect(os.environ["DATABASE"], autocommit=True, prepare_threshold=None)
        with _local.connection.transaction(), _local.connection.cursor() as cursor:
            cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            if path.startswith("rpc/"):
                return self.called(cursor, path.removeprefix("rpc/"), query, content)
            if self.command in ("GET", "HEAD"):
                return self.selected(cursor, path, query)
            if self.command == "DELETE":
                return self.deleted(cursor, path, query)
        raise Refused(405, "PGRST117", f"Unsupported HTTP method: {self.command}")

    def called(self, cursor: Any, name: str, query: list[tuple[str, str]], content: bytes) -> tuple[Any, ...]:
        if self.command != "POST" or query:
            raise Refused(405, "PGRST101", "the stand-in calls functions by POST only")
        try:
            given = json.loads(content or b"{}")
        except ValueError:
            raise Refused(400, "PGRST102", "Empty or invalid json") from None
        # What is declared as TABLE comes as objects, with one column, too.
        cursor.execute(
            "SELECT p.proretset, p.prorettype = 'void'::regtype, coalesce(p.proargmodes::text[] && '{t,b,o}', false), "
            "array(SELECT (t::regtype)::text FROM unnest(p.proargtypes) AS t), coalesce(p.proargnames, '{}') "
            "FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proname = %s",
            (name,),
        )
        able = [row for row in cursor.fetchall() if set(row[4][: len(row[3])]) == set(given)]
        if not able:
            arguments = ", ".join(sorted(given))
            message = f"Could not find the function public.{name}({arguments}) in the schema cache"
            raise Refused(404, "PGRST202", message)
        many, void, table, types, names = able[0]
        names = names[: len(types)]
        # Arguments as PostgREST takes them: out of the JSON, by the types that the function declares.
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(each), sql.SQL(kind))
            for each, kind in zip(names, types, strict=True)
        )
        values = sql.SQL(", ").join(
            sql.SQL("{} => arguments.{}").format(sql.Identifier(each), sql.Identifier(each)) for each in names
        )
        source = (
            sql.SQL("json_to_record({}) AS arguments({}), LATERAL ").format(sql.Literal(json.dumps(given)), columns)
            if names
            else sql.SQL("")
        )
        found = sql.SQL("{}public.{}({}) AS found").format(source, sql.Identifier(name), values)
        chosen = sql.SQL("(SELECT found.* FROM {}) AS answer" if table else "(SELECT found FROM {}) AS x(answer)")
        asked = sql.SQL("SELECT to_json(answer) FROM {} LIMIT {}").format(chosen.format(found), sql.Literal(MAX_ROWS))
        rows = [row for (row,) in cursor.execute(asked).fetchall()]
        if void:
            return 204, None
        return 200, rows if many else rows[0]

    def selected(self, cursor: Any, table: str, query: list[tuple[str, str]]) -> tuple[Any, ...]:
        where = self.filters(cursor, table, query)
        given = dict(query)
        names = [name.strip() for name in given.get("select", "*").split(",")]
        shown = sql.SQL(", ").join(sql.SQL("*") if name == "*" else sql.Identifier(name) for name in names)
        order = sql.SQL("")
        if "order" in given:
            terms = [each.split(".") for each in given["order"].split(",")]
            order = sql.SQL(" ORDER BY ") + sql.SQL(", ").join(
                sql.Identifier(name) + sql.SQL(" DESC" if "desc" in rest else " ASC") for name, *rest in terms
            )
        limit = min(int(given.get("limit", MAX_ROWS)), MAX_ROWS)
        offset = int(given.get("offset", 0))
        chosen = sql.SQL("SELECT {} FROM public.{}{}{} LIMIT {} OFFSET {}").format(
            shown, sql.Identifier(table), where, order, sql.Literal(limit), sql.Literal(offset)
        )
        rows = [row for (row,) in cursor.execute(sql.SQL("SELECT to_json(r) FROM ({}) AS r").format(chosen)).fetchall()]
        total = "*"
        if "count=exact" in self.headers.get("Prefer", ""):
            counted = sql.SQL("SELECT count(*) FROM public.{}{}").format(sql.Identifier(table), where)
            total = str(cursor.execute(counted).fetchone()[0])
        span = f"{offset}-{offset + len(rows) - 1}" if rows else "*"
        partial = total != "*" and len(rows) < int(total)
        return 206 if partial else 200, rows, {"Content-Range": f"{span}/{total}"}

    def deleted(self, cursor: Any, table: str, query: list[tuple[str, str]]) -> tuple[Any, ...]:
        where = self.filters(cursor, table, query)
        if not where.as_string(cursor):
            # Supabase loads pg_safeupdate for its API.
            raise Refused(400, "21000", "DELETE requires a WHERE clause")
        gone = sql.SQL("DELETE FROM public.{} AS r{} RETURNING to_json(r)").format(sql.Identifier(table), where)
        rows = [row for (row,) in cursor.execute(gone).fetchall()]
        return (200, rows) if "return=representation" in self.headers.get("Prefer", "") else (204, None)

    def filters(self, cursor: Any, table: str, query: list[tuple[str, str]]) -> sql.Composable:
        found = cursor.execute("SELECT to_regclass(%s)", (f'public."{table}"',)).fetchone()
        if '"' in table or found[0] is None:
            raise Refused(404, "PGRST205", f"Could not find the table 'public.{table}' in the schema cache")
        terms: list[sql.Composable] = []
        for name, told in query:
            if name in _RESERVED:
                continue
            operator, dot, value = told.partition(".")
            column = sql.Identifier(name)
            if operator == "in" and value.startswith("(") and value.endswith(")"):
                items = [re.sub(r"\\(.)", r"\1", a) if a else b for a, b in _ITEM.findall(value[1:-1]) if a or b]
                terms.append(sql.SQL("{}::text = ANY({})").format(column, sql.Literal(items)))
            elif operator == "is" and value == "null":
                terms.append(sql.SQL("{} IS NULL").format(column))
            elif dot and operator in OPERATORS:
                terms.append(sql.SQL("{} {} {}").format(column, sql.SQL(OPERATORS[operator]), sql.Literal(value)))
            else:
                raise Refused(400, "PGRST100", f'"failed to parse filter ({told})" (line 1, column 1)')
        return sql.SQL(" WHERE ") + sql.SQL(" AND ").join(terms) if terms else sql.SQL("")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


if __name__ == "__main__":
    socketserver.TCPServer.allow_reuse_address = True
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
