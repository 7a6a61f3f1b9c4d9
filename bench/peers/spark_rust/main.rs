//! Apache's own Rust client reads a query's rows as Arrow; it has no call that streams them.
//!
//! usage: spark_rust URL SQL keep|check     SPDX-License-Identifier: Apache-2.0

use arrow::array::{Array, Int64Array, StringArray};
use spark_connect::SparkSession;

/// The order of rows counts.
fn add(sum: u64, value: u64) -> u64 {
    sum.wrapping_mul(31).wrapping_add(value)
}

fn sum_of(mut sum: u64, column: &dyn Array) -> u64 {
    assert_eq!(column.null_count(), 0);
    if let Some(numbers) = column.as_any().downcast_ref::<Int64Array>() {
        for value in numbers.values() {
            sum = add(sum, *value as u64);
        }
    } else if let Some(texts) = column.as_any().downcast_ref::<StringArray>() {
        for text in texts.iter().flatten() {
            sum = text.bytes().fold(sum, |sum, byte| add(sum, u64::from(byte)));
            sum = add(sum, text.len() as u64);
        }
    } else {
        panic!("a column is of the type {}", column.data_type());
    }
    sum
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().collect();
    let spark = SparkSession::builder().remote(&words[1]).get_or_create()?;
    let batches = spark.sql(&words[2])?.collect_record_batches()?;
    let rows: usize = batches.iter().map(|batch| batch.num_rows()).sum();
    let mut sums: Vec<u64> = vec![];
    if words[3] == "check" {
        sums = vec![0; batches[0].num_columns()];
        for batch in &batches {
            for (sum, column) in sums.iter_mut().zip(batch.columns()) {
                *sum = sum_of(*sum, column.as_ref());
            }
        }
    }
    println!("{{\"rows\": {rows}, \"sums\": {sums:?}}}");
    std::process::exit(0); // the session ends with the process: no client is asked to tidy up
}
