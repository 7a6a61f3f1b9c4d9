// Apache's own Go client reads a query's rows as an Arrow table; it has no call that streams them.
//
// usage: spark_go URL SQL keep|check     SPDX-License-Identifier: Apache-2.0
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/spark-connect-go/v35/spark/sql"
)

// add: the order of rows counts.
func add(sum, value uint64) uint64 { return sum*31 + value }

func sumOf(sum uint64, chunk arrow.Array) uint64 {
	switch column := chunk.(type) {
	case *array.Int64:
		for _, value := range column.Int64Values() {
			sum = add(sum, uint64(value))
		}
	case *array.String:
		for i := range column.Len() {
			text := column.Value(i)
			for at := range len(text) {
				sum = add(sum, uint64(text[at]))
			}
			sum = add(sum, uint64(len(text)))
		}
	default:
		log.Fatalf("a column is of the type %s", chunk.DataType())
	}
	return sum
}

func read(ctx context.Context, url, query string) (arrow.Table, error) {
	spark, err := sql.NewSessionBuilder().Remote(url).Build(ctx)
	if err != nil {
		return nil, err
	}
	df, err := spark.Sql(ctx, query)
	if err != nil {
		return nil, err
	}
	table, err := df.ToArrow(ctx)
	if err != nil {
		return nil, err
	}
	return *table, nil
}

func main() {
	table, err := read(context.Background(), os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	sums := []uint64{}
	if os.Args[3] == "check" {
		for i := range int(table.NumCols()) {
			sum := uint64(0)
			for _, chunk := range table.Column(i).Data().Chunks() {
				sum = sumOf(sum, chunk)
			}
			sums = append(sums, sum)
		}
	}
	text, _ := json.Marshal(sums)
	fmt.Printf("{\"rows\": %d, \"sums\": %s}\n", table.NumRows(), text)
}
