// Go's lib/pq: database/sql with prepared statements, transactions, COPY IN, notifications, cancellation through contexts, errors.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	"github.com/lib/pq"
)

func failing(err error) {
	if problem, ok := err.(*pq.Error); ok {
		fmt.Println("error", problem.Code, problem.Message, problem.Detail, problem.Constraint)
	} else {
		fmt.Println("error", err)
	}
}

func check(err error) {
	if err != nil {
		failing(err)
		os.Exit(1)
	}
}

func show(rows *sql.Rows, err error) {
	if err != nil {
		failing(err)
		return
	}
	defer rows.Close()
	names, _ := rows.Columns()
	types, _ := rows.ColumnTypes()
	for i := range names {
		fmt.Print(names[i], ":", types[i].DatabaseTypeName(), " ")
	}
	fmt.Println()
	for rows.Next() {
		cells := make([]sql.NullString, len(names))
		into := make([]interface{}, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		check(rows.Scan(into...))
		fmt.Println(cells)
	}
	if rows.Err() != nil {
		failing(rows.Err())
	}
}

func session(dsn string) {
	db, err := sql.Open("postgres", dsn)
	check(err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	show(db.Query("SELECT 1 AS one, NULL AS nothing, 'text' AS text, 1.5::numeric AS n, true AS yes"))
	show(db.Query("SELECT $1::int + 1, $2::text, $3::bytea, $4::timestamptz, $5::text[]", 41, "it's", []byte{0, 255},
		time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), pq.Array([]string{"a", "b"})))
	statement, err := db.Prepare("SELECT sku, price FROM products WHERE id = $1")
	check(err)
	for id := 1; id < 4; id++ {
		show(statement.Query(id))
	}
	check(statement.Close())
	_, err = db.Query("SELECT 1/0")
	failing(err)
	_, err = db.Exec("INSERT INTO products (sku, title, price) VALUES ('SKU-00001', 'x', 1)")
	failing(err)
	_, err = db.Query("SELECT * FROM no_such_table WHERE id = $1", 1)
	failing(err)

	tx, err := db.Begin()
	check(err)
	result, err := tx.Exec("UPDATE products SET stock = stock + $1 WHERE id < $2", 1, 5)
	check(err)
	fmt.Println(result.RowsAffected())
	show(tx.Query("INSERT INTO products (sku, title, price) VALUES ($1, $2, $3) RETURNING sku, stock", "G-1", "go", 4))
	_, err = tx.Exec("SELECT 1/0")
	failing(err)
	_, err = tx.Exec("SELECT 1")
	failing(err)
	check(tx.Rollback())

	_, err = db.Exec("CREATE TEMP TABLE numbers (n int, label text)")
	check(err)
	tx, err = db.Begin()
	check(err)
	into, err := tx.Prepare(pq.CopyIn("numbers", "n", "label"))
	check(err)
	for n := 0; n < 100; n++ {
		_, err = into.Exec(n, fmt.Sprintf("row\t%d", n))
		check(err)
	}
	_, err = into.Exec()
	check(err)
	check(into.Close())
	check(tx.Commit())
	show(db.Query("SELECT count(*), sum(n), max(label) FROM numbers"))
	tx, err = db.Begin()
	check(err)
	into, err = tx.Prepare(pq.CopyIn("numbers", "n", "label"))
	check(err)
	into.Exec("not a number", "x")
	_, err = into.Exec()
	failing(err)
	into.Close()
	tx.Rollback()

	ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
	_, err = db.ExecContext(ctx, "SELECT pg_sleep(20)")
	failing(err)
	cancel()
	show(db.Query("SELECT 'alive'"))
	rows, err := db.Query("SELECT g FROM generate_series(1, 20000) g")
	check(err)
	count := 0
	for rows.Next() {
		count++
	}
	fmt.Println(count, rows.Err())
	rows, err = db.Query("SELECT 1 AS a; SELECT 2 AS b")
	check(err)
	for {
		for rows.Next() {
			var n int
			check(rows.Scan(&n))
			fmt.Println(n)
		}
		if !rows.NextResultSet() {
			break
		}
	}
	rows.Close()
}

func notifications() {
	listener := pq.NewListener("sslmode=disable", 10*time.Millisecond, time.Second, nil)
	defer listener.Close()
	check(listener.Listen("shop"))
	db, err := sql.Open("postgres", "sslmode=disable")
	check(err)
	defer db.Close()
	_, err = db.Exec("NOTIFY shop, 'hello'")
	check(err)
	select {
	case note := <-listener.Notify:
		fmt.Println(note.Channel, note.Extra)
	case <-time.After(5 * time.Second):
		fmt.Println("no notification")
	}
}

func main() {
	session("sslmode=disable")
	session("sslmode=disable binary_parameters=yes")
	notifications()
}
