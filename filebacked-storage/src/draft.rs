//! [`Draft`]: a sink that keeps what is written, to be looked at before it goes anywhere.

use super::compound::Strings;
use super::{
    AttrSpec, Compression, DatasetSpec, Dtype, Elements, Link, Out, Sink, StoredType, Texts,
};
use crate::error::{Error, ErrorKind, Result};
use crate::stamp::{LEN, STAMP};

/// The parts written so far.
#[derive(Debug, Default)]
pub struct Draft {
    /// The open groups, the innermost last.
    open: Vec<(String, DraftGroup)>,
    value: Option<Drafted>,
}

/// A node as it was written.
#[derive(Debug)]
pub enum Drafted {
    /// A group with what is in it.
    Group(DraftGroup),
    /// A dataset.
    Dataset(DraftDataset),
}

/// A group as it was written.
#[derive(Debug, Default)]
pub struct DraftGroup {
    ordered: bool,
    /// Its attributes, in the order in which they were written.
    pub attrs: Vec<DraftAttr>,
    /// Its members, in the order in which they were written.
    pub members: Vec<(String, Drafted)>,
}

/// An attribute of a group.
#[derive(Debug)]
pub struct DraftAttr {
    /// The attribute's name.
    pub name: String,
    dtype: Dtype,
    shape: Vec<u64>,
    /// Its elements.
    pub bytes: Vec<u8>,
    /// Strings of variable length.
    texts: Option<Texts>,
}

/// A dataset as it was written.
#[derive(Debug)]
pub struct DraftDataset {
    /// The datatype of the elements.
    pub dtype: Dtype,
    /// The extent of each dimension.
    pub shape: Vec<u64>,
    chunk: Option<Vec<u64>>,
    compression: Compression,
    fletcher32: bool,
    /// String attributes.
    pub attrs: Vec<(String, String)>,
    number: Option<(String, i64)>,
    /// The elements.
    pub content: Content,
}

/// The elements of a dataset.
#[derive(Debug)]
pub enum Content {
    /// Elements of a fixed size.
    Bytes(Vec<u8>),
    /// Strings of variable length.
    Texts(Texts),
    /// Records, and the strings whose places in them are zero.
    Records(Vec<u8>, Vec<Strings>),
}

impl DraftDataset {
    /// Texts of variable length.
    pub fn texts(shape: Vec<u64>, texts: Texts) -> Self {
        DraftDataset::plain(Dtype::VarStr, shape, Content::Texts(texts))
    }

    fn plain(dtype: Dtype, shape: Vec<u64>, content: Content) -> Self {
        let (chunk, compression, attrs, number) = (None, Compression::None, Vec::new(), None);
        DraftDataset { dtype, shape, chunk, compression, fletcher32: false, attrs, number, content }
    }
}

impl DraftAttr {
    fn new(name: &str, dtype: Dtype, shape: &[u64], bytes: Vec<u8>) -> Self {
        DraftAttr { name: name.to_string(), dtype, shape: shape.to_vec(), bytes, texts: None }
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok().map(|text| text.trim_end_matches('\0'))
    }

    fn write(&self, sink: &mut dyn Sink) -> Result<()> {
        match &self.texts {
            None => sink.attr(&self.name, &self.dtype, &self.shape, &self.bytes),
            Some(texts) => {
                let DraftAttr { name, dtype, shape, .. } = self;
                let elements = Elements::Texts(texts);
                sink.attr_any(&AttrSpec { name, dtype, stored: None, shape, null: false, elements })
            }
        }
    }
}

impl DraftGroup {
    /// A text attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        let attr = self.attrs.iter().find(|attr| attr.name == name)?;
        attr.text()
    }

    /// An attribute that is a u64.
    pub fn number(&self, name: &str) -> Option<u64> {
        let attr = self.attrs.iter().find(|attr| attr.name == name)?;
        attr.bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }

    /// A member.
    pub fn member(&self, name: &str) -> Option<&Drafted> {
        self.members.iter().find_map(|(member, drafted)| (member == name).then_some(drafted))
    }

    /// Takes a member out.
    pub fn take(&mut self, name: &str) -> Option<Drafted> {
        let place = self.members.iter().position(|(member, _)| member == name)?;
        Some(self.members.remove(place).1)
    }
}

impl Default for Drafted {
    fn default() -> Self {
        Drafted::Group(DraftGroup::default())
    }
}

impl Drafted {
    /// Attributes that are texts: names and texts.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let (group, dataset) = match self {
            Drafted::Group(group) => (Some(group), None),
            Drafted::Dataset(dataset) => (None, Some(dataset)),
        };
        let of_group = group.into_iter().flat_map(|group| &group.attrs);
        let of_group = of_group.filter_map(|attr| Some((attr.name.as_str(), attr.text()?)));
        let of_dataset = dataset.into_iter().flat_map(|dataset| &dataset.attrs);
        of_group.chain(of_dataset.map(|(name, text)| (name.as_str(), text.as_str())))
    }

    /// Texts in C order, packed.
    pub fn packed(shape: &[u64], texts: Texts) -> Self {
        let mut offsets = vec![0];
        offsets.extend(texts.ends.iter().map(|end| *end as u64));
        let stamp = DraftAttr::new(STAMP, Dtype::FixedStr(6), &[], b"packed".to_vec());
        let bytes = (texts.ends.len() as u64).to_le_bytes().to_vec();
        let len = DraftAttr::new(LEN, Dtype::U64, &[], bytes);
        let numbers = |numbers: &[u64]| {
            let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            Drafted::Dataset(DraftDataset::plain(
                Dtype::U64,
                vec![numbers.len() as u64],
                Content::Bytes(bytes),
            ))
        };
        let all = DraftDataset::plain(
            Dtype::U8,
            vec![texts.bytes.len() as u64],
            Content::Bytes(texts.bytes),
        );
        let mut members =
            vec![("bytes".into(), Drafted::Dataset(all)), ("offsets".into(), numbers(&offsets))];
        if shape.len() != 1 {
            members.push(("shape".into(), numbers(shape)));
        }
        Drafted::Group(DraftGroup { ordered: false, attrs: vec![stamp, len], members })
    }

    /// Writes the node at last.
    pub fn write(self, name: &str, sink: &mut dyn Sink) -> Result<()> {
        match self {
            Drafted::Group(group) => {
                sink.begin_group(name, group.ordered)?;
                for attr in &group.attrs {
                    attr.write(sink)?;
                }
                for (name, member) in group.members {
                    member.write(&name, sink)?;
                }
                sink.end_group()
            }
            Drafted::Dataset(dataset) => {
                let attrs: Vec<(&str, &str)> = dataset
                    .attrs
                    .iter()
                    .map(|(name, text)| (name.as_str(), text.as_str()))
                    .collect();
                let spec = DatasetSpec {
                    dtype: &dataset.dtype,
                    shape: &dataset.shape,
                    chunk: dataset.chunk.as_deref(),
                    compression: dataset.compression,
                    fletcher32: dataset.fletcher32,
                    attrs: &attrs,
                    number: dataset.number.as_ref().map(|(name, number)| (name.as_str(), *number)),
                    more_attrs: &[],
                    stored: None,
                    null: false,
                };
                match dataset.content {
                    Content::Bytes(bytes) => sink.dataset(name, &spec, &bytes),
                    Content::Texts(texts) => sink.dataset_text(
                        name,
                        &spec,
                        &mut texts
                            .cells()
                            .map(|text| std::str::from_utf8(text).unwrap_or_default()),
                    ),
                    Content::Records(bytes, strings) => {
                        sink.dataset_records(name, &spec, bytes, strings)
                    }
                }
            }
        }
    }
}

impl Draft {
    /// The node that was written.
    pub fn finish(self) -> Result<Drafted> {
        self.value.ok_or_else(|| ErrorKind::Contract("a value that wrote no node".into()).into())
    }

    fn push(&mut self, name: &str, member: Drafted) {
        match self.open.last_mut() {
            Some((_, group)) => group.members.push((name.to_string(), member)),
            None => self.value = Some(member),
        }
    }

    fn dataset_of(&mut self, name: &str, spec: &DatasetSpec<'_>, content: Content) {
        let attrs = spec.attrs.iter().map(|(name, text)| (name.to_string(), text.to_string()));
        let dataset = DraftDataset {
            dtype: spec.dtype.clone(),
            shape: spec.shape.to_vec(),
            chunk: spec.chunk.map(<[u64]>::to_vec),
            compression: spec.compression,
            fletcher32: spec.fletcher32,
            attrs: attrs.collect(),
            number: spec.number.map(|(name, number)| (name.to_string(), number)),
            content,
        };
        self.push(name, Drafted::Dataset(dataset));
    }
}

#[cold]
fn unusual() -> Error {
    ErrorKind::Unsupported(
        "appending what is neither a dataset of plain elements nor a group".into(),
    )
    .into()
}

impl Sink for Draft {
    fn begin_group(&mut self, name: &str, ordered: bool) -> Result<()> {
        self.open.push((name.to_string(), DraftGroup { ordered, ..DraftGroup::default() }));
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        let Some((name, group)) = self.open.pop() else {
            return Err(ErrorKind::Contract("a group was closed that was not open".into()).into());
        };
        self.push(&name, Drafted::Group(group));
        Ok(())
    }

    fn attr(&mut self, name: &str, dtype: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<()> {
        let Some((_, group)) = self.open.last_mut() else {
            return Err(ErrorKind::Contract("an attribute of no group".into()).into());
        };
        group.attrs.push(DraftAttr::new(name, dtype.clone(), shape, bytes.to_vec()));
        Ok(())
    }

    fn member_attr(&mut self, _: &str, _: &str, _: &Dtype, _: &[u64], _: &[u8]) -> Result<()> {
        Err(unusual())
    }

    fn dataset(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()> {
        self.dataset_of(name, spec, Content::Bytes(bytes.to_vec()));
        Ok(())
    }

    fn dataset_fill(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()> {
        let mut bytes =
            Vec::with_capacity(spec.elements().unwrap_or(0).saturating_mul(spec.dtype.size()));
        fill(&mut Out(&mut bytes));
        self.dataset_of(name, spec, Content::Bytes(bytes));
        Ok(())
    }

    fn dataset_text(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()> {
        let mut all = Texts::default();
        texts.for_each(|text| all.push(text.as_bytes()));
        self.dataset_of(name, spec, Content::Texts(all));
        Ok(())
    }

    fn dataset_records(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        bytes: Vec<u8>,
        strings: Vec<Strings>,
    ) -> Result<()> {
        self.dataset_of(name, spec, Content::Records(bytes, strings));
        Ok(())
    }

    fn dataset_any(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        elements: Elements<'_>,
    ) -> Result<()> {
        match elements {
            Elements::Bytes(bytes)
                if spec.stored.is_none() && !spec.null && spec.more_attrs.is_empty() =>
            {
                self.dataset(name, spec, bytes)
            }
            _ => Err(unusual()),
        }
    }

    fn attr_any(&mut self, attr: &AttrSpec<'_>) -> Result<()> {
        match (self.open.last_mut(), attr.elements) {
            (Some((_, group)), Elements::Texts(texts)) if attr.stored.is_none() && !attr.null => {
                let drafted = DraftAttr::new(attr.name, attr.dtype.clone(), attr.shape, Vec::new());
                group.attrs.push(DraftAttr { texts: Some(texts.clone()), ..drafted });
                Ok(())
            }
            _ => Err(unusual()),
        }
    }

    fn link(&mut self, _: &str, _: &Link) -> Result<()> {
        Err(unusual())
    }

    fn committed(&mut self, _: &str, _: &StoredType, _: &[AttrSpec<'_>]) -> Result<()> {
        Err(unusual())
    }
}
