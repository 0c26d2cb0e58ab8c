from .card import DatasetCard as DatasetCard
from .card import read_card as read_card
from .dataset import Dataset as Dataset
from .registry import dataset_card as dataset_card
from .registry import list_datasets as list_datasets
from .registry import load_dataset as load_dataset
from .registry import verify_dataset as verify_dataset
from .visual_search_asymmetry import VisualSearchAsymmetry as VisualSearchAsymmetry
