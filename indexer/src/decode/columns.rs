//! From an event's ABI to the columns of its table, and from a log to a row of them.

use alloy::{
    dyn_abi::{DynSolEvent, DynSolType, DynSolValue, Specifier as _},
    hex,
    json_abi::{Event, EventParam, Param},
    primitives::{B256, U256},
};
use serde_json::json;

use crate::{
    table::Column,
    value::{Field as _, Kind, Row, Value, number_text},
};

/// Widest unsigned integer that always fits a 64-bit signed one; wider ones are numbers.
const MAX_INTEGER_BITS: usize = 56;

/// How an event's fields become columns: structs are taken apart, lists are JSON.
#[derive(Debug, Clone)]
pub struct EventColumns {
    resolved: DynSolEvent,
    /// For each field in the ABI's order: whether it is indexed.
    indexed: Vec<bool>,
    columns: Vec<Column>,
}

impl EventColumns {
    /// The columns of `event`.
    ///
    /// # Panics
    ///
    /// If the ABI names a type that does not exist: ABIs are constants of the program.
    pub fn new(event: &Event) -> Self {
        let resolved = event.resolve().unwrap_or_else(|error| panic!("event {}: {error}", event.name));
        let mut columns = Vec::new();
        for input in &event.inputs {
            describe_input(input, &mut columns);
        }
        Self { resolved, indexed: event.inputs.iter().map(|input| input.indexed).collect(), columns }
    }

    /// The columns, in the order of the fields.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The row that a log is.
    ///
    /// # Errors
    ///
    /// What does not fit, in words.
    pub fn row(&self, topics: &[B256], data: &[u8]) -> Result<Row, String> {
        let decoded =
            self.resolved.decode_log_parts(topics.iter().copied(), data).map_err(|error| error.to_string())?;
        let (mut topics, mut body) = (decoded.indexed.into_iter(), decoded.body.into_iter());
        let mut row = Row::with_capacity(self.columns.len());
        for indexed in &self.indexed {
            let field = if *indexed { topics.next() } else { body.next() };
            flatten(field.ok_or("a field is missing")?, &mut row);
        }
        if row.len() != self.columns.len() {
            return Err(format!("{} values for {} columns", row.len(), self.columns.len()));
        }
        Ok(row)
    }
}

/// `leaseId` to `lease_id`, `memoryMiB` to `memory_mib`.
pub fn snake_case(name: &str) -> String {
    let mut text = String::new();
    let characters: Vec<char> = name.chars().collect();
    for (index, character) in characters.iter().enumerate() {
        let follows_lower = index > 0 && !characters[index - 1].is_uppercase();
        let precedes_lower = characters.get(index + 1).is_some_and(|next| next.is_lowercase());
        // The B of MiB and of MBps.
        let rest = name.get(index..).unwrap_or_default();
        let unit = rest == "B" || (rest == "Bps" && !follows_lower);
        if character.is_uppercase() && index > 0 && (follows_lower || precedes_lower) && !unit {
            text.push('_');
        }
        text.extend(character.to_lowercase());
    }
    text
}

fn describe_input(input: &EventParam, columns: &mut Vec<Column>) {
    let name = snake_case(&input.name);
    // An indexed field that is no value type is its hash.
    let hashed = input.indexed && (!input.components.is_empty() || input.ty.ends_with(']'));
    if hashed || (input.indexed && matches!(input.ty.as_str(), "string" | "bytes")) {
        columns.push(Column { name, kind: Kind::Bytes });
    } else {
        describe(&name, &input.ty, &input.components, columns);
    }
}

fn describe(name: &str, ty: &str, components: &[Param], columns: &mut Vec<Column>) {
    if ty == "tuple" {
        for component in components {
            let inner = format!("{name}_{}", snake_case(&component.name));
            describe(&inner, &component.ty, &component.components, columns);
        }
        return;
    }
    let kind = if ty.ends_with(']') { Kind::Json } else { kind_of(ty) };
    columns.push(Column { name: name.to_owned(), kind });
}

fn kind_of(ty: &str) -> Kind {
    match DynSolType::parse(ty) {
        Ok(DynSolType::Bool) => Kind::Flag,
        Ok(DynSolType::Uint(bits) | DynSolType::Int(bits)) if bits <= MAX_INTEGER_BITS => Kind::Integer,
        Ok(DynSolType::Uint(_)) => Kind::Number,
        Ok(DynSolType::Address | DynSolType::FixedBytes(_) | DynSolType::Bytes | DynSolType::Function) => Kind::Bytes,
        _ => Kind::Text,
    }
}

fn flatten(field: DynSolValue, row: &mut Row) {
    match field {
        DynSolValue::Tuple(fields) | DynSolValue::CustomStruct { tuple: fields, .. } => {
            fields.into_iter().for_each(|field| flatten(field, row));
        }
        DynSolValue::Bool(flag) => row.push(flag.to_value()),
        DynSolValue::Uint(number, bits) if bits <= MAX_INTEGER_BITS => row.push(number.to::<u64>().to_value()),
        DynSolValue::Uint(number, _) => row.push(Value::Text(number_text(number))),
        DynSolValue::Int(number, bits) if bits <= MAX_INTEGER_BITS => row.push(Value::Integer(number.as_i64())),
        DynSolValue::Address(address) => row.push(address.to_value()),
        DynSolValue::FixedBytes(word, length) => row.push(Value::Blob(word[..length].to_vec())),
        DynSolValue::Bytes(bytes) => row.push(Value::Blob(bytes)),
        DynSolValue::Function(function) => row.push(Value::Blob(function.to_vec())),
        DynSolValue::String(text) => row.push(Value::Text(text)),
        list @ (DynSolValue::Array(_) | DynSolValue::FixedArray(_)) => row.push(Value::Text(json(&list).to_string())),
        other => row.push(Value::Text(scalar(&other))),
    }
}

fn json(value: &DynSolValue) -> serde_json::Value {
    match value {
        DynSolValue::Array(values)
        | DynSolValue::FixedArray(values)
        | DynSolValue::Tuple(values)
        | DynSolValue::CustomStruct { tuple: values, .. } => values.iter().map(json).collect(),
        DynSolValue::Bool(flag) => json!(flag),
        other => json!(scalar(other)),
    }
}

fn scalar(value: &DynSolValue) -> String {
    match value {
        DynSolValue::Uint(number, _) => U256::to_string(number),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Address(address) => hex::encode_prefixed(address),
        DynSolValue::FixedBytes(word, length) => hex::encode_prefixed(&word[..*length]),
        DynSolValue::Bytes(bytes) => hex::encode_prefixed(bytes),
        DynSolValue::String(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, keccak256};

    use super::*;

    #[test]
    fn names_are_snake_case() {
        let cases = [
            ("leaseId", "lease_id"),
            ("VerdictAccepted", "verdict_accepted"),
            ("memoryMiB", "memory_mib"),
            ("memMBps", "mem_mbps"),
            ("EIP712DomainChanged", "eip712_domain_changed"),
            ("s0", "s0"),
            ("feeBps", "fee_bps"),
            ("gpuIndex", "gpu_index"),
        ];
        for (name, expected) in cases {
            assert_eq!(snake_case(name), expected);
        }
    }

    #[test]
    fn fields_keep_the_abi_order_and_their_kinds() {
        let event = Event::parse(
            "event E(address indexed a, uint256 b, uint40 indexed c, (bool, uint16[]) t, string s, string indexed h)",
        );
        let mut event = event.unwrap();
        event.inputs[3].components[0].name = "x".into();
        event.inputs[3].components[1].name = "y".into();
        let columns = EventColumns::new(&event);
        let found: Vec<_> = columns.columns().iter().map(|column| (column.name.as_str(), column.kind)).collect();
        let expected = [
            ("a", Kind::Bytes),
            ("b", Kind::Number),
            ("c", Kind::Integer),
            ("t_x", Kind::Flag),
            ("t_y", Kind::Json),
            ("s", Kind::Text),
            ("h", Kind::Bytes),
        ];
        assert_eq!(found, expected);

        let body = DynSolValue::Tuple(vec![
            DynSolValue::Uint(U256::from(7), 256),
            DynSolValue::Tuple(vec![
                DynSolValue::Bool(true),
                DynSolValue::Array(vec![DynSolValue::Uint(U256::from(1), 16), DynSolValue::Uint(U256::from(2), 16)]),
            ]),
            DynSolValue::String("text".into()),
        ]);
        let address = Address::repeat_byte(0xaa);
        let topics = [event.selector(), address.into_word(), B256::from(U256::from(5)), keccak256("hashed")];
        let row = columns.row(&topics, &body.abi_encode_params()).unwrap();
        let expected: Row = vec![
            address.to_value(),
            Value::Text("017".into()),
            Value::Integer(5),
            Value::Integer(1),
            Value::Text(r#"["1","2"]"#.into()),
            Value::Text("text".into()),
            keccak256("hashed").to_value(),
        ];
        assert_eq!(row, expected);
        assert!(columns.row(&topics[..2], &[]).is_err());
    }
}
